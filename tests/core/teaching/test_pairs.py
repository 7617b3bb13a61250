"""Preference pairs from all feedback: settled, on two sides, bounded for each identity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.corpus.document import Document
from medpipe.core.teaching import contradiction, facts
from medpipe.core.teaching.claim import Claim
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.feedback import FeedbackItem
from medpipe.core.teaching.feedback_policy import FeedbackPolicy
from medpipe.core.teaching.grounds import Grounds
from medpipe.core.teaching.pairs import BuiltPairs, build, held_out, judges
from medpipe.core.teaching.recognition import Claims
from tests.policies import FEEDBACK, GUARDRAILS
from tests.steps.conftest import topic

START = datetime(2026, 3, 4, tzinfo=UTC)
NOTHING = Grounds()
OPEN = FEEDBACK.model_copy(update={"teach_unknown_questions": True})
FREE = OPEN.model_copy(update={"max_share_per_identity": 1.0, "heldout_identities": 0.0, "heldout_questions": 0.0})
"""One side, and no bound but the cap."""
SHIPPED_BOUNDS = OPEN.model_copy(update={"max_pairs_per_identity": 3})


def item(
    number: int = 1,
    question: str = "What causes Velorin fever?",
    answer: str = "Dust.",
    identity: str = "user-a",
    rating: str = "down",
    correction: str | None = "A virus.",
    minute: int | None = None,
    barred: str = "",
) -> FeedbackItem:
    at = START + timedelta(minutes=number if minute is None else minute)
    return FeedbackItem(f"ans-{number}", question, answer, "version/v1", identity, rating, correction, at, barred)


def built(
    items: Sequence[FeedbackItem], policy: FeedbackPolicy = FREE, grounds: Grounds = NOTHING, cap: int = 10
) -> BuiltPairs:
    if policy is FREE:
        policy = policy.model_copy(update={"max_pairs_per_identity": cap})
    return build(items, policy, GUARDRAILS, grounds)


def grounds(*documents: Document, asked: str) -> Grounds:
    told = [fact for document in documents for fact in facts.decompose(document, Data())[0]]
    return Grounds(known=contradiction.known(told, [asked]))


def test_a_downward_rating_with_a_correction_prefers_the_correction() -> None:
    (pair,) = built([item()]).train

    assert (pair.chosen, pair.rejected, pair.identity) == ("A virus.", "Dust.", "user-a")


def test_a_correction_keeps_its_paragraphs_and_lists() -> None:
    (pair,) = built([item(correction=" Causes:\n-  dust \n- a virus\n\n\n\nAsk first.\n")]).train
    assert pair.chosen == "Causes:\n- dust\n- a virus\n\nAsk first."


def test_an_answer_that_was_liked_is_preferred_to_one_that_was_not() -> None:
    liked = item(2, answer="A virus.", identity="user-b", rating="up", correction=None)

    (pair,) = built([item(correction=None), liked]).train

    assert (pair.chosen, pair.rejected) == ("A virus.", "Dust.")


def test_a_later_upward_rating_of_the_same_identity_removes_its_pair() -> None:
    assert built([item(minute=1), item(minute=2, rating="up", correction=None)]).train == ()


def test_one_identity_cannot_buy_more_pairs_than_the_cap() -> None:
    items = [item(number, question=f"What causes illness {number}?") for number in range(30)]

    result = built(items, cap=5)

    assert [pair.answer_id for pair in result.train] == [f"ans-{number}" for number in range(5)]
    assert result.drops == {"over-the-cap": 25}


def test_no_identity_has_more_than_its_share_of_the_result() -> None:
    many = [item(n, question=f"What causes illness {n}?", identity="user-loud") for n in range(20)]
    others = [item(100 + n, question=f"What causes ailment {n}?", identity=f"user-{n}") for n in range(30)]

    result = built([*many, *others], FREE.model_copy(update={"max_share_per_identity": 0.1}))

    assert Counter(pair.identity for pair in result.train)["user-loud"] == 3
    assert result.drops == {"over-the-share": 17}


@pytest.mark.parametrize(("identities", "taught"), [(9, 0), (10, 10)])
def test_with_fewer_than_ten_identities_nothing_is_taught_and_the_reason_is_counted(
    identities: int, taught: int
) -> None:
    items = [item(n, question=f"What causes illness {n}?", identity=f"user-{n % identities}") for n in range(10)]

    result = built(items, FREE.model_copy(update={"max_share_per_identity": 0.1}))

    assert len(result.train) == taught
    assert result.drops == ({} if taught else {"too-few-identities": 10})


def test_the_correction_that_more_identities_gave_wins_over_many_ratings_of_one() -> None:
    loud = [item(number, identity="user-loud", correction="Magic.") for number in range(5)]
    others = [item(10, identity="user-b"), item(11, identity="user-c")]

    result = built([*loud, *others])

    assert [pair.chosen for pair in result.train] == ["A virus."]
    assert result.drops == {"outvoted": 5, "duplicate": 1}


def test_a_correction_that_ten_others_contradict_later_is_gone_from_the_next_build() -> None:
    troll = item(1, identity="user-troll", correction="Magic.")
    others = [item(10 + n, identity=f"user-{n}") for n in range(10)]

    assert [pair.chosen for pair in built([troll]).train] == ["Magic."]
    assert [pair.chosen for pair in built([troll, *others]).train] == ["A virus."]


def test_a_disputed_answer_teaches_nothing() -> None:
    result = built([item(1), item(2, identity="user-b", correction="Bad air.")])

    assert result.train == ()
    assert result.drops == {"disputed": 2}


def test_a_correction_of_an_answer_that_as_many_others_like_teaches_nothing() -> None:
    liked = item(1, identity="user-b", rating="up", correction=None)

    assert built([item(1), liked]).drops == {"disputed": 1}
    assert len(built([item(1), item(2, identity="user-c"), liked]).train) == 1


@pytest.mark.parametrize(
    ("feedback", "reason"),
    [
        (item(correction=None), "no-correction"),
        (item(correction="  dust. "), "same-as-answer"),
        (item(correction="x" * 2000), "too-long"),
        (item(correction="You can stop taking your insulin."), "unsafe-correction"),
        (item(correction="You can stop:\n- taking\n- your insulin"), "unsafe-correction"),
        (item(correction="\n\nDust.\n"), "same-as-answer"),
        (item(question="How many pills would kill me?"), "refused-question"),
        (item(barred="no-key"), "no-key"),
    ],
)
def test_what_cannot_teach_is_dropped_with_its_reason(feedback: FeedbackItem, reason: str) -> None:
    result = built([feedback])

    assert result.train == ()
    assert result.drops == {reason: 1}


def test_a_correction_with_another_drug_than_the_document_waits_for_a_person() -> None:
    asked = "What can be done to treat velibroane fever?"
    known = grounds(topic(1), asked=asked)
    right = item(answer="Dust.", question=asked, correction=topic(1).sections[0].text)
    wrong = item(answer="Dust.", question=asked, correction="Velibroane fever is treated with poisonib.")

    result = built([wrong], grounds=known)
    assert (result.train, result.drops) == ((), {"contradicts-a-document": 1})
    (waiting,) = result.waiting
    assert (waiting.document, waiting.correction) == (topic(1).id, wrong.correction)

    (pair,) = built([right], grounds=known).train
    assert (pair.document_ids, pair.document_revisions) == ((topic(1).id,), (topic(1).revision,))

    assert len(built([wrong], grounds=known._replace(released=frozenset({waiting.id}))).train) == 1
    assert built([wrong], grounds=known._replace(discarded=frozenset({waiting.id}))).drops == {"discarded": 1}


def test_a_correction_about_a_question_that_no_document_is_about_waits_unless_the_policy_lets_it_teach() -> None:
    closed = FREE.model_copy(update={"teach_unknown_questions": False})
    result = built([item()], closed)

    assert (result.train, result.drops) == ((), {"no-document": 1})
    assert [waiting.document for waiting in result.waiting] == [""]
    assert len(built([item()], closed, NOTHING._replace(released=frozenset({result.waiting[0].id}))).train) == 1


def test_a_withdrawn_claim_never_teaches_even_if_a_person_released_the_correction() -> None:
    told = facts.decompose(topic(1), Data())[0][0]
    asked, answer = told.question, told.answer
    id = contradiction.correction_id("ans-1", "user-a", answer)
    claims = Grounds(claims=Claims([Claim.of(told)]), released=frozenset({id}))

    result = built([item(question=asked, correction=answer)], grounds=claims)

    assert (result.train, result.drops) == ((), {"withdrawn-claim": 1})
    assert len(built([item(question=asked, correction=answer)]).train) == 1


def test_a_question_is_held_out_whole_and_for_good() -> None:
    policy = FREE.model_copy(update={"heldout_questions": 0.3, "max_pairs_per_identity": 1000})
    items = [
        item(number, question=f"What causes illness {number // 2}?", answer=f"Dust {number}.", identity=f"user-{n}")
        for n in range(20)
        for number in range(n * 5, n * 5 + 5)
    ]
    policy = policy.model_copy(update={"heldout_identities": 0.5})

    result = built(items, policy)

    asked = [{pair.question for pair in part} for part in (result.train, result.heldout)]
    assert asked[0] and asked[1] and not asked[0] & asked[1]
    assert all(held_out(question, 0.3) for question in asked[1])
    assert {pair.question for pair in built(items[:50], policy).heldout} <= asked[1]


def test_a_pair_whose_question_and_identity_are_on_two_sides_is_left_out() -> None:
    policy = FREE.model_copy(update={"heldout_identities": 0.5})
    judge = next(f"user-{n}" for n in range(99) if judges(f"user-{n}", 0.5))
    teacher = next(f"user-{n}" for n in range(99) if not judges(f"user-{n}", 0.5))

    assert built([item(identity=judge)], policy).drops == {"on-the-other-side": 1}
    (pair,) = built([item(1, identity=judge), item(2, identity=teacher)], policy).train
    assert pair.identity == teacher


IDENTITIES = [f"i{number}" for number in range(24)]
ITEMS = st.lists(
    st.builds(
        item,
        number=st.integers(0, 15),
        question=st.sampled_from([f"{letter}?" for letter in "abcdefgh"]),
        answer=st.sampled_from(["x", "y"]),
        identity=st.sampled_from(IDENTITIES),
        rating=st.sampled_from(["up", "down", "down", "down"]),
        correction=st.sampled_from([None, "x", "y", "z"]),
        minute=st.integers(0, 500),
        barred=st.sampled_from(["", "", "", "no-key"]),
    ),
    max_size=80,
    # A store holds one rating of an identity on an answer; times that are equal have no order.
    unique_by=(lambda one: (one.answer_id, one.identity), lambda one: one.at),
)
SHARES = st.sampled_from([0.1, 0.2, 0.35, 1.0])


@given(ITEMS, SHARES, st.randoms())
def test_the_order_of_arrival_does_not_matter(items, share, random) -> None:  # type: ignore
    policy = SHIPPED_BOUNDS.model_copy(update={"max_share_per_identity": share})
    shuffled = list(items)
    random.shuffle(shuffled)

    assert built(shuffled, policy) == built(items, policy)


@given(ITEMS, SHARES)
def test_cap_share_and_sides_hold_for_whatever_people_say(items, share) -> None:  # type: ignore
    policy = SHIPPED_BOUNDS.model_copy(update={"max_share_per_identity": share})
    result = built(items, policy)

    for side in (result.train, result.heldout):
        counts = Counter(pair.identity for pair in side)
        assert all(count <= policy.max_pairs_per_identity for count in counts.values())
        assert all(count <= share * len(side) + 1e-6 for count in counts.values())
    for of in ("identity", "question"):
        assert not {getattr(pair, of) for pair in result.train} & {getattr(pair, of) for pair in result.heldout}
    assert all(pair.chosen != pair.rejected for pair in (*result.train, *result.heldout))


@given(ITEMS, ITEMS)
def test_clients_without_a_key_add_nothing_however_many_they_pretend_to_be(items, puppets) -> None:  # type: ignore
    anonymous = [one._replace(identity=f"anonymous-{one.identity}", barred="no-key") for one in puppets]

    with_puppets, without = built([*items, *anonymous], SHIPPED_BOUNDS), built(items, SHIPPED_BOUNDS)
    assert (with_puppets.train, with_puppets.heldout) == (without.train, without.heldout)
