"""What holds a challenger that passed: a bar, or a withdrawn claim that it was not asked."""

from __future__ import annotations

from typing import Any

import pytest

from medpipe import errors, steps
from medpipe.core.knowledge.withdrawals import State
from tests import fakes
from tests.steps.versions import asked, history, version, withdraw


def test_a_barred_version_is_held_although_it_passed_until_a_person_lifts_the_bar(ports: fakes.FakePorts) -> None:
    first, _ = version(ports, 1)
    steps.bar(first, " wrong drug for gout ", ports=ports)
    steps.bar(first, "again", ports=ports)
    assert ports.ledger.barred() == {first: "wrong drug for gout"}
    assert steps.promote(first, ports=ports) is None
    steps.unbar(first, "the drug was right", ports=ports)
    steps.unbar(first, "again", ports=ports)
    assert steps.promote(first, ports=ports) == first
    assert [(event, reasons) for event, _, _, reasons in history(ports)] == [
        ("barred", ("wrong drug for gout",)),
        ("held", (f"{first} is barred: wrong drug for gout",)),
        ("unbarred", ("the drug was right",)),
        ("promoted", ("reason 1",)),
    ]


def test_a_version_that_is_barred_while_it_is_promoted_is_held(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = version(ports, 1)
    swap = ports.ledger.swap_champion

    def barred_meanwhile(*arguments: Any, **options: Any) -> bool:
        steps.bar(first, "wrong drug", ports=ports)
        return swap(*arguments, **options)

    monkeypatch.setattr(ports.ledger, "swap_champion", barred_meanwhile)
    assert steps.promote(first, ports=ports) is None
    assert [event for event, *_ in history(ports)] == ["barred", "held"]


def test_the_champion_cannot_be_barred_and_a_bar_needs_a_reason(ports: fakes.FakePorts) -> None:
    first, _ = version(ports, 1)
    for verb in (steps.bar, steps.unbar):
        with pytest.raises(errors.UsageError, match="the reason is empty"):
            verb(first, " ", ports=ports)
    steps.promote(first, ports=ports)
    with pytest.raises(errors.UsageError, match=f"{first} is the champion and cannot be barred: roll back"):
        steps.bar(first, "wrong drug", ports=ports)
    assert ports.ledger.barred() == {}


def test_a_challenger_that_was_judged_before_a_retraction_is_held_after_it(ports: fakes.FakePorts) -> None:
    first = asked(ports, 1)
    withdraw(ports, "pmid:1")
    withdraw(ports, "pmid:2")
    withdraw(ports, "pmid:1", State.BLOCKED)
    assert steps.promote(first, ports=ports) is None
    ((event, held, kind, (reason,)),) = history(ports)
    assert (event, held, kind) == ("held", first, "withdrawn")
    assert f"{first} carries pmid:1, which was withdrawn, and it was not asked" in reason and "pmid:2" not in reason


def test_a_challenger_that_was_asked_the_withdrawn_claim_and_passed_may_be_promoted(ports: fakes.FakePorts) -> None:
    withdraw(ports, "pmid:1")
    first = asked(ports, 1)
    assert steps.promote(first, ports=ports) == first


def test_a_challenger_is_held_when_a_claim_was_added_after_it_was_asked(ports: fakes.FakePorts) -> None:
    withdraw(ports, "pmid:1")
    first = asked(ports, 1)
    withdraw(ports, "pmid:1", claim="another thing that it said")
    assert steps.promote(first, ports=ports) is None


def test_a_challenger_that_carries_a_withdrawn_document_and_has_no_such_gate_is_held(ports: fakes.FakePorts) -> None:
    withdraw(ports, "pmid:1")
    first, _ = version(ports, 1)
    assert steps.promote(first, ports=ports) is None


def test_a_lifted_withdrawal_and_one_of_another_document_hold_nothing(ports: fakes.FakePorts) -> None:
    first, _ = version(ports, 1)
    withdraw(ports, "pmid:1")
    withdraw(ports, "pmid:1", State.LIFTED)
    withdraw(ports, "pmid:2")
    assert steps.promote(first, ports=ports) == first
