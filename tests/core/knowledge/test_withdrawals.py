"""The register: claims accumulate, a state never falls back by itself, and only a lift ends a withdrawal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.knowledge.withdrawals import State, WithdrawalEvent, claims, fold
from medpipe.core.teaching.claim import Claim

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def claim(focus: str, document: str = "pmid:1") -> Claim:
    return Claim(
        document=document,
        revision=1,
        source="pubmed",
        question_type="treatment",
        focus=focus,
        answer=f"{focus} is treated with velomib.",
        slot="velomib",
    )


def event(state: State, document: str = "pmid:1", *said: Claim) -> WithdrawalEvent:
    return WithdrawalEvent(document=document, state=state, at=NOON, reason="retracted", by="medpipe", claims=said)


EVENTS = st.lists(
    st.builds(
        lambda state, document, focus, minutes: event(
            state, document, *([claim(focus, document)] if state is State.OPENED else [])
        ).model_copy(update={"at": NOON + timedelta(minutes=minutes)}),
        st.sampled_from(State),
        st.sampled_from(["pmid:1", "pmid:2"]),
        st.sampled_from(["Draxon fever", "Wopal gout"]),
        st.integers(-1000, 1000),
    ),
    max_size=12,
)


def test_an_opened_withdrawal_is_blocked_unlearned_and_certified_in_turn() -> None:
    seen = [event(State.OPENED, "pmid:1", claim("Draxon fever"))]
    for state in (State.BLOCKED, State.UNLEARNED, State.CERTIFIED):
        seen.append(event(state))
        assert fold(seen)[0].state is state
    assert claims(fold(seen)) == (claim("Draxon fever"),)


def test_a_lifted_withdrawal_holds_no_claim_in_force_but_remembers_it() -> None:
    (lifted,) = fold([event(State.OPENED, "pmid:1", claim("Draxon fever")), event(State.LIFTED)])

    assert not lifted.in_force
    assert lifted.claims == (claim("Draxon fever"),)
    assert claims([lifted]) == ()


def test_a_new_claim_of_a_certified_withdrawal_opens_it_again() -> None:
    first, second = claim("Draxon fever"), claim("Wopal gout")
    seen = [event(State.OPENED, "pmid:1", first), event(State.CERTIFIED), event(State.OPENED, "pmid:1", second)]

    assert fold(seen)[0].state is State.OPENED
    assert claims(fold(seen)) == (first, second)


def test_opening_it_again_without_a_new_claim_keeps_its_state() -> None:
    said = claim("Draxon fever")
    seen = [event(State.OPENED, "pmid:1", said), event(State.BLOCKED), event(State.OPENED, "pmid:1", said)]
    assert fold(seen)[0].state is State.BLOCKED


def test_entries_about_a_document_that_was_never_opened_count_for_nothing() -> None:
    assert fold([event(State.BLOCKED), event(State.LIFTED)]) == ()


@given(EVENTS)
def test_no_claim_is_ever_lost_and_only_the_last_lift_ends_it(events: list[WithdrawalEvent]) -> None:
    for withdrawal in fold(events):
        own = [entry for entry in events if entry.document == withdrawal.document]
        opened = [number for number, entry in enumerate(own) if entry.state is State.OPENED]
        lifts = [number for number, entry in enumerate(own) if entry.state is State.LIFTED]
        ended = bool(lifts) and bool(opened) and lifts[-1] > opened[-1]

        assert withdrawal.in_force is not ended
        assert set(withdrawal.claims) == {said for entry in own for said in entry.claims}
