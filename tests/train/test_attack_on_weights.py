"""An attack on feedback, down to the weights, by the bench's own code on a smaller world."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.feedback_attack import LIMIT, Cell, Taught, World
from tests.train.conftest import tiny_base as tiny_base

pytestmark = pytest.mark.slow
ATTACK = Cell("another drug", share=0.1, identities=10)


def holds(taught: Taught) -> bool:
    """The promise of docs/feedback.md: an attack adds at most two points."""
    return (taught.success - taught.clean) / taught.probes <= LIMIT


def test_an_attack_by_ten_keys_reaches_the_weights_only_where_every_rating_teaches(
    tiny_base: Path, tmp_path: Path
) -> None:
    world = World(tmp_path, tiny_base, topics=15, items=100)
    defended, undefended = world.attacked(ATTACK), world.attacked(ATTACK, defended=False)
    assert world.rows(world.clean_pairs), "honest people teach"
    assert holds(defended) and defended.same_weights and not defended.hostile
    assert defended.waiting == 100, "a person sees every one of them"
    assert undefended.hostile == 10
    assert not holds(undefended), undefended
