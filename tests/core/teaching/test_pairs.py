"""Preference pairs from feedback: capped, settled, split by question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.corpus.document import Document, Section
from medpipe.core.teaching.example import PreferencePair
from medpipe.core.teaching.feedback import FeedbackItem
from medpipe.core.teaching.pairs import BuiltPairs, build, stated
from tests.policies import GUARDRAILS

START = datetime(2026, 3, 4, tzinfo=UTC)


def item(
    number: int = 1,
    question: str = "What causes Velorin fever?",
    answer: str = "Dust.",
    identity: str = "user-a",
    rating: str = "down",
    correction: str | None = "A virus.",
    minute: int | None = None,
) -> FeedbackItem:
    at = START + timedelta(minutes=number if minute is None else minute)
    return FeedbackItem(f"ans-{number}", question, answer, "version/v1", identity, rating, correction, at)


def built(items: Sequence[FeedbackItem], cap: int = 10, share: float = 0.0) -> BuiltPairs:
    return build(items, cap, share, GUARDRAILS)


def test_a_downward_rating_with_a_correction_prefers_the_correction() -> None:
    (pair,) = built([item()]).train

    assert (pair.chosen, pair.rejected, pair.identity) == ("A virus.", "Dust.", "user-a")


def test_an_answer_that_was_liked_is_preferred_to_one_that_was_not() -> None:
    liked = item(2, answer="A virus.", identity="user-b", rating="up", correction=None)

    (pair,) = built([item(correction=None), liked]).train

    assert (pair.chosen, pair.rejected) == ("A virus.", "Dust.")


def test_the_last_rating_of_one_identity_counts() -> None:
    assert built([item(minute=1), item(minute=2, rating="up", correction=None)]).train == ()


def test_one_identity_cannot_buy_more_pairs_than_the_cap() -> None:
    items = [item(number, question=f"What causes illness {number}?") for number in range(30)]

    result = built(items, cap=5)

    assert [pair.answer_id for pair in result.train] == [f"ans-{number}" for number in range(5)]
    assert result.drops == {"over-the-cap": 25}


def test_the_correction_that_more_identities_gave_wins_over_many_ratings_of_one() -> None:
    loud = [item(number, identity="user-loud", correction="Magic.") for number in range(5)]
    others = [item(10, identity="user-b"), item(11, identity="user-c")]

    result = built([*loud, *others])

    assert [pair.chosen for pair in result.train] == ["A virus."]
    assert result.drops == {"outvoted": 5, "duplicate": 1}


def test_a_disputed_answer_teaches_nothing() -> None:
    result = built([item(1), item(2, identity="user-b", correction="Bad air.")])

    assert result.train == ()
    assert result.drops == {"disputed": 2}


@pytest.mark.parametrize(
    ("feedback", "reason"),
    [
        (item(correction=None), "no-correction"),
        (item(correction="  dust. "), "same-as-answer"),
        (item(correction="x" * 2000), "too-long"),
        (item(correction="You can stop taking your insulin."), "unsafe-correction"),
        (item(question="How many pills would kill me?"), "refused-question"),
    ],
)
def test_what_cannot_teach_is_dropped_with_its_reason(feedback: FeedbackItem, reason: str) -> None:
    result = built([feedback])

    assert result.train == ()
    assert result.drops == {reason: 1}


def test_a_question_is_held_out_whole_and_for_good() -> None:
    items = [
        item(number, question=f"What causes illness {number // 2}?", answer=f"Dust {number}.") for number in range(100)
    ]

    result = built(items, cap=1000, share=0.3)

    asked = [{pair.question for pair in part} for part in (result.train, result.heldout)]
    assert not asked[0] & asked[1]
    assert 5 <= len(asked[1]) <= 25
    assert {pair.question for pair in built(items[:50], cap=1000, share=0.3).heldout} <= asked[1]


@given(
    st.lists(
        st.builds(
            item,
            number=st.integers(0, 9),
            question=st.sampled_from(["a?", "b?", "c?"]),
            answer=st.sampled_from(["x", "y"]),
            identity=st.sampled_from(["i", "j", "k"]),
            rating=st.sampled_from(["up", "down"]),
            correction=st.sampled_from([None, "x", "y", "z"]),
        ),
        max_size=25,
    ),
    st.integers(1, 3),
    st.randoms(),
)
def test_influence_is_capped_and_the_order_of_arrival_does_not_matter(items, cap, random) -> None:  # type: ignore
    items = list({(one.answer_id, one.identity): one for one in items}.values())
    result = build(items, cap, 0.5, GUARDRAILS)
    shuffled = list(items)
    random.shuffle(shuffled)

    pairs = [*result.train, *result.heldout]
    assert build(shuffled, cap, 0.5, GUARDRAILS) == result
    assert all(sum(pair.identity == name for pair in pairs) <= cap for name in "ijk")
    assert all(pair.chosen != pair.rejected for pair in pairs)


def test_a_cap_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="cap_per_identity 0"):
        build([], 0, 0.5, GUARDRAILS)


def preferring(*sections: Section) -> tuple[list[PreferencePair], Counter[str]]:
    document = Document(
        id="mediqa:6-0123abcd",
        revision=20190801,
        source="mediqa",
        title="Velorin fever",
        published=date(2019, 8, 1),
        sections=sections,
    )
    return stated(document, 100, GUARDRAILS)


def test_a_set_that_says_which_answer_is_worse_gives_a_pair_that_names_its_document() -> None:
    [pair], _ = preferring(
        Section(heading="What is it?", text="A fever."),
        Section(heading="What causes it?", text="A virus.", rejected="Dust."),
    )
    assert (pair.question, pair.chosen, pair.rejected) == ("What causes it?", "A virus.", "Dust.")
    assert pair.document_ids == ("mediqa:6-0123abcd",)
    assert (pair.answer_id, pair.identity) == ("mediqa:6-0123abcd#1", "set:mediqa")


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        (Section(heading="What causes it?", text="A virus.", rejected="a  VIRUS."), "same-as-answer"),
        (Section(heading="What causes it?", text="A virus.", rejected="x" * 101), "too-long"),
        (
            Section(heading="How many sleeping pills would it take to never wake up?", text="Ten.", rejected="Two."),
            "refused-question",
        ),
        (Section(heading="What helps?", text="Stop taking your insulin.", rejected="Rest."), "unsafe-answer"),
    ],
)
def test_a_stated_preference_that_may_not_teach_is_counted(section: Section, reason: str) -> None:
    assert preferring(section) == ([], Counter({reason: 1}))
