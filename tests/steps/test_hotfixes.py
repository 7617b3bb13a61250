"""Who may start a hotfix: nobody is asked, or a person approves or rejects it by document."""

from __future__ import annotations

from pathlib import Path

import pytest

from medpipe import errors, steps
from medpipe.settings import Settings
from tests import fakes
from tests.policies import approving
from tests.steps.conftest import RETRACTED, topic
from tests.steps.test_ring import first_champion, second_corpus
from tests.steps.versions import promoted, withdraw

pytestmark = pytest.mark.integration

TOPIC = topic(3).id


@pytest.fixture
def ports(tmp_path: Path) -> fakes.FakePorts:
    """Ports under the policy `approval`."""
    return fakes.ports(Settings(home=tmp_path, policies=approving(tmp_path / "policies")))


@pytest.fixture
def corpus(ports: fakes.FakePorts) -> str:
    """A corpus in which an article that the champion was taught is retracted, and its withdrawal is open."""
    first, _ = first_champion(ports)
    second = second_corpus(ports, first)
    steps.open_withdrawals(second, ports=ports)
    return second


def planned(ports: fakes.FakePorts, corpus: str) -> tuple[tuple[str, ...], ...]:
    plan = steps.plan_hotfix(ports.ledger.champion(), ports=ports)
    return plan.documents, plan.waiting, plan.rejected


def decide(ports: fakes.FakePorts, decision: str, *documents: str) -> None:
    steps.decide_hotfix(documents or (RETRACTED,), decision, "for a reason", "Dr. A", ports=ports)


def listed(ports: fakes.FakePorts) -> dict[str, tuple[str | None, str]]:
    return {row.document: (row.hotfix, row.said) for row in steps.list_withdrawals(ports=ports).withdrawals}


def test_under_the_automatic_policy_nobody_is_asked(tmp_path: Path) -> None:
    ports = fakes.ports(Settings(home=tmp_path))
    first, _ = first_champion(ports)
    second = second_corpus(ports, first)
    steps.open_withdrawals(second, ports=ports)
    decide(ports, "reject")
    assert planned(ports, second) == ((RETRACTED,), (), ()), "a decision counts under the policy `approval` only"
    assert listed(ports) == {RETRACTED: ("unasked", "")}


def test_of_two_decisions_the_last_one_counts(ports: fakes.FakePorts, corpus: str) -> None:
    assert planned(ports, corpus) == ((), (RETRACTED,), ())
    assert listed(ports) == {RETRACTED: ("waiting", "")}
    decide(ports, "reject")
    assert planned(ports, corpus) == ((), (), (RETRACTED,))
    decide(ports, "approve")
    assert planned(ports, corpus) == ((RETRACTED,), (), ())
    assert listed(ports) == {RETRACTED: ("approved", "Dr. A: for a reason")}


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_a_decision_lapses_when_the_withdrawal_is_opened_again(
    ports: fakes.FakePorts, corpus: str, decision: str
) -> None:
    decide(ports, decision)
    steps.lift(RETRACTED, "retracted by mistake", "Dr. A", ports=ports)
    assert planned(ports, corpus) == ((), (), ())
    steps.withdraw((RETRACTED,), "it names a patient", "Dr. A", ports=ports)
    assert planned(ports, corpus) == ((), (RETRACTED,), ())


def test_a_decision_is_about_its_document_only(ports: fakes.FakePorts, corpus: str) -> None:
    steps.withdraw((TOPIC,), "wrong topic", "Dr. A", ports=ports)
    decide(ports, "approve", TOPIC)
    assert planned(ports, corpus) == ((TOPIC,), (RETRACTED,), ())
    decide(ports, "reject", RETRACTED, RETRACTED)
    assert planned(ports, corpus) == ((TOPIC,), (), (RETRACTED,))
    assert len(ports.ledger.entries(None, ("hotfix-rejected",))) == 1


def test_only_what_is_withdrawn_can_be_decided_about_by_a_person_who_says_why(ports: fakes.FakePorts) -> None:
    with pytest.raises(errors.UsageError, match="no withdrawal of 'pmid:1' is in force"):
        decide(ports, "approve", "pmid:1")
    withdraw(ports, "pmid:1")
    with pytest.raises(errors.UsageError, match="there is no champion"):
        decide(ports, "approve", "pmid:1")
    promoted(ports, documents=("pmid:9",))
    for reason, by in ((" ", "Dr. A"), ("because", ""), ("because", "medpipe")):
        with pytest.raises(errors.UsageError):
            steps.decide_hotfix(("pmid:1",), "approve", reason, by, ports=ports)
    with pytest.raises(errors.UsageError, match="name the documents"):
        steps.decide_hotfix((), "approve", "because", "Dr. A", ports=ports)
    assert ports.ledger.entries(None, ("hotfix-approved", "hotfix-rejected")) == []
