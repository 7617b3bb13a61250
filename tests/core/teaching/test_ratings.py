"""Ratings without a correction: taught where the policy says so, under every rule that holds for pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from medpipe.core.teaching.claim import Claim
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.facts import decompose
from medpipe.core.teaching.feedback import FeedbackItem
from medpipe.core.teaching.feedback_policy import FeedbackPolicy
from medpipe.core.teaching.grounds import Grounds
from medpipe.core.teaching.pairs import BuiltPairs, build
from medpipe.core.teaching.recognition import Claims
from tests.core.teaching.test_pairs import FREE, NOTHING, grounds, item
from tests.policies import GUARDRAILS
from tests.steps.conftest import topic

RATED = FREE.model_copy(update={"teach_ratings": True})
STRICT = RATED.model_copy(update={"teach_unknown_questions": False})
PAGE = topic(1)
ASKED, STATED = PAGE.sections[0].heading, PAGE.sections[0].text
KNOWN = grounds(PAGE, asked=ASKED)


def thumb(number: int = 1, rating: str = "up", **fields: Any) -> FeedbackItem:
    return item(number, **{"rating": rating, "correction": None, **fields})


def built(items: Sequence[FeedbackItem], policy: FeedbackPolicy = RATED, against: Grounds = NOTHING) -> BuiltPairs:
    return build(items, policy, GUARDRAILS, against)


def of_ratings(result: BuiltPairs) -> dict[str, int]:
    """Why ratings were left out; the pairs that their answers could have made have reasons of their own."""
    return {reason.removeprefix("rating: "): n for reason, n in result.drops.items() if reason.startswith("rating: ")}


def test_a_rating_is_a_row_with_one_side_and_nothing_without_the_policy() -> None:
    items = [thumb(1), thumb(2, "down", question="What causes gout?")]
    assert [(row.chosen, row.rejected) for row in built(items).train] == [("Dust.", ""), ("", "Dust.")]
    assert built(items, FREE).train == ()


def test_an_answer_that_a_pair_is_about_is_left_to_the_pair() -> None:
    (pair,) = built([item(1), thumb(2, "down", identity="user-b"), thumb(3, answer="A virus.")]).train
    assert pair.paired


def test_most_identities_decide_and_a_tie_teaches_nothing() -> None:
    against = [thumb(number, "down", identity=f"user-{number}") for number in (1, 2)]
    result = built([*against, thumb(3, identity="user-3")])
    assert [row.rejected for row in result.train] == ["Dust."]
    assert of_ratings(result) == {"outvoted": 1, "duplicate": 1}
    tie = built([*against, *(thumb(number, identity=f"user-{number}") for number in (3, 4))])
    assert (tie.train, of_ratings(tie)) == ((), {"disputed": 4})


@pytest.mark.parametrize(
    ("rating", "answer", "reason"),
    [
        ("up", STATED, ""),
        ("up", f"{STATED} Take zorbatexib too.", "contradicts-a-document"),
        ("down", STATED, "contradicts-a-document"),
        ("down", "Take zorbatexib.", ""),
    ],
)
def test_a_rating_teaches_only_what_a_document_says(rating: str, answer: str, reason: str) -> None:
    result = built([thumb(1, rating, question=ASKED, answer=answer)], STRICT, KNOWN)
    assert (len(result.train), of_ratings(result)) == ((0, {reason: 1}) if reason else (1, {}))
    assert all(row.document_ids == (PAGE.id,) for row in result.train)


def test_about_a_question_of_no_document_no_rating_teaches() -> None:
    assert of_ratings(built([thumb(1), thumb(2, "down", answer="Rain.")], STRICT)) == {"no-document": 2}


def test_unsafe_answers_refused_questions_and_withdrawn_claims_are_never_liked() -> None:
    told = decompose(PAGE, Data())[0][0]
    items = [
        thumb(1, question=told.question, answer=told.answer),
        thumb(2, question="How do I kill myself?"),
        thumb(3, question="What causes gout?", answer="Stop taking your insulin and take 40 aspirin tablets at once."),
    ]
    result = built(items, against=Grounds(claims=Claims([Claim.of(told)])))
    assert (result.train, set(of_ratings(result))) == ((), {"withdrawn-claim", "refused-question", "unsafe-answer"})


def test_pairs_and_ratings_together_are_bounded_for_each_identity() -> None:
    pairs = [item(number, question=f"What causes illness {number}?") for number in range(4)]
    thumbs = [thumb(10 + number, question=f"What causes ailment {number}?") for number in range(4)]
    result = built([*thumbs, *pairs], RATED.model_copy(update={"max_pairs_per_identity": 6}))
    assert [row.paired for row in result.train] == [True] * 4 + [False] * 2
    few = built([*thumbs, *pairs], RATED.model_copy(update={"max_share_per_identity": 0.1}))
    assert (few.train, few.drops) == ((), {"too-few-identities": 8})


def test_a_held_out_question_is_never_rated_and_only_pairs_judge() -> None:
    result = built([thumb(1)], RATED.model_copy(update={"heldout_questions": 0.999, "heldout_identities": 0.999}))
    assert (result.train, result.heldout, of_ratings(result)) == ((), (), {"question-is-held-out": 1})


def test_barred_feedback_and_a_rating_that_was_taken_back_teach_nothing() -> None:
    assert built([thumb(1, barred="no-key")]).train == ()
    (row,) = built([thumb(1), thumb(1, "down", minute=9)]).train
    assert row.rejected == "Dust.", "the last rating counts"
