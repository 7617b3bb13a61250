"""The DAG withdrawals: a retraction is blocked, its hotfix asked for once, and its champion certified."""

from __future__ import annotations

import pytest

from medpipe import steps
from medpipe.core.knowledge.withdrawals import State
from medpipe.settings import Settings
from medpipe.steps.withdrawals import register
from tests.dags import light
from tests.dags.conftest import states, values
from tests.steps.conftest import RETRACTED
from tests.steps.test_ring import first_champion, retrain, second_corpus

pytestmark = pytest.mark.slow


@pytest.fixture
def ports(ring):
    return light.ports(Settings(home=ring))


def test_without_a_corpus_there_is_nothing_to_withdraw(run, ports):
    quiet = run("withdrawals")
    assert quiet.state == "success"
    assert states(quiet)["open_withdrawals"] == "skipped"


def test_a_retraction_is_blocked_asked_for_once_unlearned_and_certified(run, ports):
    first, _champion = first_champion(ports)
    ports.answers.record(
        "ans-1", "user-1", "Does wendrazole cure krellin palsy?", "Wendrazole cures krellin palsy.", "v", "a", False
    )
    corpus = second_corpus(ports, first)
    opened = run("withdrawals")
    assert opened.state == "success", states(opened)
    seen = values(opened)
    assert seen["open_withdrawals"] == {"opened": [RETRACTED], "lifted": []}
    assert list(seen["confirm_blocks"]) == [RETRACTED]
    assert seen["count_answers"] == {RETRACTED: 1}
    assert seen["hotfix_request"]["documents"] == seen["hotfix_request"]["withdraw"] == [RETRACTED]
    assert states(opened)["announce_retrain_request"] == "success"

    again = run("withdrawals")
    assert values(again)["hotfix_request"] is None, "asked for already"
    assert states(again)["announce_retrain_request"] == "skipped"

    version, _ = retrain(ports, corpus, documents=(RETRACTED,), withdraw=(RETRACTED,))
    steps.promote(version, ports=ports)
    done = run("withdrawals")
    assert list(values(done)["certificates"]) == [RETRACTED]
    assert values(done)["plan_hotfix"]["documents"] == []
    assert [withdrawal.state for withdrawal in register(ports)] == [State.CERTIFIED]
