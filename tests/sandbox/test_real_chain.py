"""Three weeks of the chain with real training: two retractions, a twin, and weights that unlearn what they said."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.year_chain import Chain, Turn
from bench.year_ports import YearPorts
from medpipe.sandbox.servers import models, policies
from medpipe.sandbox.tiny_base import make_tiny_base
from medpipe.sandbox.year import Year
from medpipe.settings import Settings
from medpipe.steps import verification

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]  # the base is made, and three weeks are trained

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    folder = tmp_path_factory.mktemp("chain")
    bases, at_once = models(ROOT), policies(folder)
    make_tiny_base(bases)

    def ports(home: Path) -> YearPorts:
        return YearPorts(Settings(home=home, models=bases, policies=at_once))

    return Chain(folder / "home", Year(seed=3, turns=3), ports)


@pytest.fixture(scope="module")
def turns(chain: Chain) -> list[Turn]:
    return list(chain.turns())


def test_weights_that_learned_a_claim_stop_asserting_it_after_the_hotfix(turns: list[Turn]) -> None:
    for turn in turns[1:]:
        assert [(one.plan, one.promoted) for one in turn.retrains][:1] == [("hotfix", True)], turn
        assert turn.before.by_weights > turn.asserted.by_weights == 0, turn
    assert turns[-1].asserted.upper_bound < 0.06, "two claims in 25 phrasings each"


def test_nobody_is_served_a_withdrawn_claim_at_any_time(turns: list[Turn]) -> None:
    assert [turn.before.served + turn.asserted.served for turn in turns] == [0, 0, 0]


def test_what_is_not_withdrawn_stays(turns: list[Turn]) -> None:
    assert all(turn.anchor is not None and turn.anchor > 0.8 for turn in turns[1:]), turns


def test_nothing_that_the_weeks_left_was_changed(chain: Chain, turns: list[Turn]) -> None:
    assert turns
    assert verification.verify(ports=chain.ports).ledger > 0
