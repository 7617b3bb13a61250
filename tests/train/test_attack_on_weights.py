"""An attack on feedback, down to the weights, by the bench's own code on a smaller world."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.feedback_attack import LIMIT
from bench.feedback_world import Cell, Taught, World
from tests.train.conftest import tiny_base as tiny_base

pytestmark = pytest.mark.slow
ATTACK = Cell("another drug", share=1 / 6, identities=10)


def harmless(taught: Taught) -> bool:
    """Whether an attack neither made the weights name its drug nor took right answers from them."""
    named, lost = taught.success - taught.clean, taught.clean_right - taught.right
    return max(named, lost) / taught.probes <= LIMIT


@pytest.mark.timeout(900)
def test_an_attack_by_ten_keys_reaches_the_weights_only_where_every_rating_teaches(
    tiny_base: Path, tmp_path: Path
) -> None:
    world = World(tmp_path, tiny_base, topics=25, items=300)
    defended, undefended = world.attacked(ATTACK), world.attacked(ATTACK, defended=False)
    assert world.rows(world.clean_pairs), "honest people teach"
    assert harmless(defended) and defended.same_weights and not defended.hostile
    assert defended.waiting >= 500, "a person sees every one of them"
    assert undefended.hostile == 50
    assert not harmless(undefended), undefended
