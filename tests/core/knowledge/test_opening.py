"""Which withdrawals a corpus opens and lifts: whatever is taken back and was taught, and never against a person."""

from __future__ import annotations

from medpipe.core.knowledge import opening
from medpipe.core.knowledge.opening import MEDPIPE, Sign
from medpipe.core.knowledge.withdrawals import State, Withdrawal, WithdrawalEvent, fold
from tests.core.knowledge.test_withdrawals import NOON, claim

A, B, C, D = (f"corpus/{letter * 16}" for letter in "abcd")
SAID = {"pmid:1": (claim("Draxon fever"),)}
RETRACTED = {"pmid:1": Sign("r", 5, A)}


def register(*events: WithdrawalEvent) -> dict[str, Withdrawal]:
    return {withdrawal.document: withdrawal for withdrawal in fold(events)}


def entry(state: State, by: str, revision: int = 0, evidence: str = A) -> WithdrawalEvent:
    claims = SAID["pmid:1"] if state is State.OPENED else ()
    return WithdrawalEvent(
        document="pmid:1",
        state=state,
        at=NOON,
        reason="r",
        by=by,
        evidence=evidence,
        revision=revision,
        claims=claims,
    )


OPENED, LIFTED = entry(State.OPENED, MEDPIPE, 5), entry(State.LIFTED, MEDPIPE, 6)
BY_PERSON, LIFTED_BY_PERSON = (entry(state, "Dr. A", evidence="") for state in (State.OPENED, State.LIFTED))


def opens(signs: dict[str, Sign], *events: WithdrawalEvent) -> list[str]:
    return [event.document for event in opening.to_open(signs, SAID, register(*events), NOON)]


def lifts(revision: int, *events: WithdrawalEvent) -> list[str]:
    return [event.document for event in opening.to_lift({"pmid:1": revision}, register(*events), NOON, B)]


def test_a_retracted_document_that_was_taught_is_opened_once() -> None:
    assert opens(RETRACTED) == ["pmid:1"]
    assert opens(RETRACTED, OPENED) == []
    assert opens({"pmid:1": Sign("r", 9, C)}, OPENED) == []


def test_what_a_run_opened_a_later_run_lifts_and_what_it_lifted_a_later_one_opens_again() -> None:
    opened = opening.to_open(RETRACTED, SAID, {}, NOON)
    lifted = opening.to_lift({"pmid:1": 6}, register(*opened), NOON, B)
    assert [event.by for event in (*opened, *lifted)] == [MEDPIPE, MEDPIPE]
    assert opens({"pmid:1": Sign("r", 7, C)}, *opened, *lifted) == ["pmid:1"]


def test_a_retracted_document_that_was_never_taught_needs_no_withdrawal() -> None:
    assert opens({"pmid:2": Sign("r", 5, A)}) == []


def test_a_claim_that_was_not_known_opens_it_again() -> None:
    more = {"pmid:1": (*SAID["pmid:1"], claim("Wopal gout"))}
    (event,) = opening.to_open(RETRACTED, more, register(OPENED), NOON)
    assert event.claims == more["pmid:1"]


def test_the_same_claim_of_another_revision_is_not_a_new_claim() -> None:
    same = {"pmid:1": (claim("Draxon fever").model_copy(update={"revision": 4}),)}
    assert opening.to_open(RETRACTED, same, register(OPENED), NOON) == []


def test_what_the_publisher_took_back_is_lifted_only_by_a_later_revision() -> None:
    assert lifts(6, OPENED) == ["pmid:1"]
    assert lifts(5, OPENED) == []
    assert lifts(4, OPENED) == [], "an older corpus, such as one restored from a backup, lifts nothing"


def test_what_a_person_opened_is_never_lifted_by_a_run() -> None:
    assert lifts(6, BY_PERSON) == []
    assert lifts(6, OPENED, BY_PERSON) == []


def test_a_retraction_after_a_persons_withdrawal_is_recorded_once() -> None:
    assert opens(RETRACTED, BY_PERSON) == ["pmid:1"]
    assert opens(RETRACTED, BY_PERSON, OPENED) == []


def test_a_persons_lift_stands_until_a_later_revision_is_taken_back() -> None:
    assert opens(RETRACTED, OPENED, LIFTED_BY_PERSON) == []
    assert opens({"pmid:1": Sign("r", 7, C)}, OPENED, LIFTED_BY_PERSON) == ["pmid:1"]
    assert opens(RETRACTED, BY_PERSON, LIFTED_BY_PERSON) == ["pmid:1"], "the person did not know of the retraction"


def test_a_persons_lift_covers_every_revision_that_the_person_knew() -> None:
    lifted = LIFTED_BY_PERSON.model_copy(update={"revision": 8})
    assert opens({"pmid:1": Sign("r", 8, C)}, OPENED, lifted) == []
    assert opens({"pmid:1": Sign("r", 9, D)}, OPENED, lifted) == ["pmid:1"]


def test_a_persons_lift_covers_no_record_that_the_person_did_not_know() -> None:
    lifted = entry(State.LIFTED, "Dr. A", 20260310_260001, f"{A} pmid:77")
    listed = {"pmid:1": Sign("listed", 20260312_000000, "rw:1", since=20260214_000000)}
    assert opens(listed, OPENED, lifted) == ["pmid:1"]
    assert opens({"pmid:1": Sign("r", 20260309_260001, "pmid:77")}, OPENED, lifted) == []
    assert opens({"pmid:1": Sign("r", 20260311_260001, "pmid:77")}, OPENED, lifted) == ["pmid:1"]


def test_a_list_that_is_posted_again_opens_nothing_that_a_person_lifted_until_its_row_has_a_later_day() -> None:
    lifted = entry(State.LIFTED, "Dr. A", 20260310_000000, "rw:1")
    opened = entry(State.OPENED, MEDPIPE, 20260309_000000, "rw:1")
    again = Sign("listed", 20260311_000000, "rw:1", since=20260214_000000)
    assert opens({"pmid:1": again}, opened, lifted) == []
    assert opens({"pmid:1": again._replace(since=20260311_000000)}, opened, lifted) == ["pmid:1"]


def test_a_document_that_is_retracted_again_after_it_was_current_is_opened_again() -> None:
    assert opens(RETRACTED, OPENED, LIFTED) == ["pmid:1"]


def test_what_a_notice_opened_is_lifted_by_a_later_revision_too() -> None:
    by_notice = entry(State.OPENED, MEDPIPE, 5, "pmid:77")
    assert opening.evidence_of(register(by_notice)["pmid:1"]) == "pmid:77"
    assert (lifts(6, by_notice), lifts(5, by_notice)) == (["pmid:1"], [])
