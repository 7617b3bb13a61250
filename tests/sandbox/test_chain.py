"""A chain of retrains with retractions and hostile feedback leaves nothing false behind. The slow ports are fakes."""

from __future__ import annotations

import pytest

from bench.chain_year import line, summary
from bench.year_chain import Chain, Turn
from bench.year_claims import NOTHING
from medpipe import steps
from medpipe.core.knowledge.withdrawals import State
from medpipe.sandbox.servers import policies
from medpipe.sandbox.year import Year
from medpipe.settings import Settings
from medpipe.steps.withdrawals import register
from tests import fakes

pytestmark = pytest.mark.slow

TURNS = 5
RETRACTED = {2: "pmid:99000001", 3: "pmid:99000002", 5: "pmid:99000003"}
"""Turn → what is retracted in it."""


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    folder = tmp_path_factory.mktemp("chain")
    at_once = policies(folder)
    return Chain(folder / "home", Year(3, TURNS), lambda home: fakes.ports(Settings(home=home, policies=at_once)))


@pytest.fixture(scope="module")
def turns(chain: Chain) -> list[Turn]:
    return list(chain.turns())


def test_every_retraction_is_opened_in_the_turn_in_which_it_arrives(turns: list[Turn]) -> None:
    assert {turn.turn: turn.opened[0] for turn in turns if turn.opened} == RETRACTED


def test_the_champion_that_learned_a_claim_asserts_it_and_nobody_is_served_it(turns: list[Turn]) -> None:
    for turn in turns:
        if turn.opened:
            assert turn.before.by_weights > 0, "without this, nothing shows that the hotfix did anything"
        assert turn.before.served == turn.asserted.served == 0


def test_a_hotfix_follows_each_retraction_by_itself_and_is_promoted(turns: list[Turn]) -> None:
    for turn in turns:
        hotfixes = [judged for judged in turn.retrains if judged.plan == "hotfix"]
        assert [judged.promoted for judged in hotfixes] == [True] * bool(turn.opened)


def test_no_later_retrain_and_no_article_with_the_same_finding_brings_a_claim_back(turns: list[Turn]) -> None:
    for turn in turns:
        assert turn.asserted.by_weights == 0, f"turn {turn.turn}: {turn.asserted}"
    assert [turn.asserted.questions > 0 for turn in turns] == [False, True, True, True, True]


def test_corrections_that_quote_a_withdrawn_claim_never_become_pairs_and_others_do(turns: list[Turn]) -> None:
    assert [turn.hostile_pairs for turn in turns] == [0] * TURNS
    assert [turn.pairs > 0 for turn in turns] == [False, False, False, True, True], "else nothing was refused"


def test_a_control_that_never_learned_the_claims_asserts_as_few(chain: Chain, turns: list[Turn]) -> None:
    control = chain.control()
    assert control.questions == turns[-1].asserted.questions
    assert turns[-1].asserted.by_weights <= control.by_weights
    assert summary(turns, control)["by_weights"]["upper_bound"] < 0.15


def test_the_register_and_the_ledger_explain_the_year_and_nothing_was_changed(chain: Chain, turns: list[Turn]) -> None:
    assert turns
    assert {withdrawal.document for withdrawal in register(chain.ports)} == set(RETRACTED.values())
    assert all(withdrawal.state is State.BLOCKED for withdrawal in register(chain.ports))
    steps.verify(ports=chain.ports)


def test_before_anything_is_withdrawn_nothing_is_asked(turns: list[Turn]) -> None:
    assert turns[0].asserted == NOTHING


def test_a_turn_is_told_in_one_line(turns: list[Turn]) -> None:
    assert line(turns[1]).startswith("turn 2: pmid:99000001 withdrawn; hotfix promoted")
