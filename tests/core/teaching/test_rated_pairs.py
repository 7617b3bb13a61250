"""Pairs from clinicians' ratings: what is preferred to what, and what never teaches."""

from __future__ import annotations

from medpipe.core.judging.rating.scale import DIMENSIONS, Dimension, Level
from medpipe.core.judging.rating.sheet import EMPTY
from medpipe.core.teaching.drops import Drops
from medpipe.core.teaching.example import PreferencePair
from medpipe.core.teaching.grounds import Grounds
from medpipe.core.teaching.rated_pairs import RatedAnswer, rated_pairs
from medpipe.core.text import normalise
from tests.policies import FEEDBACK, GUARDRAILS

POLICY = FEEDBACK.model_copy(update={"teach_unknown_questions": False})
ASKED = "What helps against a cold?"


Levels = dict[Dimension, Level | None] | Level


def answer(text: str, levels: Levels, **changes: object) -> RatedAnswer:
    whole: dict[Dimension, Level | None] = dict.fromkeys(DIMENSIONS, 5)
    whole.update(levels if isinstance(levels, dict) else dict.fromkeys(DIMENSIONS, levels))
    plain = RatedAnswer(f"sheet/0123456789abcdef#{text}", ASKED, "", text, whole, ("holder-a", "holder-b"))
    return plain._replace(**changes)


def built(*answers: RatedAnswer, judging: frozenset[str] = frozenset()) -> tuple[list[PreferencePair], Drops]:
    return rated_pairs(answers, judging, POLICY, GUARDRAILS, Grounds())


def told(*answers: RatedAnswer) -> list[tuple[str, str]]:
    return [(pair.chosen, pair.rejected) for pair in built(*answers)[0]]


def test_the_better_of_two_answers_is_chosen() -> None:
    (pair,), dropped = built(answer("Rest.", 5), answer("Dust.", 1))
    assert (pair.chosen, pair.rejected, pair.identity) == ("Rest.", "Dust.", "holder-a")
    assert pair.answer_id == "sheet/0123456789abcdef#Dust."
    assert not dropped


def test_answers_that_are_equal_or_better_in_different_ways_teach_nothing() -> None:
    assert told(answer("Rest.", 3), answer("Tea.", 3)) == []
    assert told(answer("Rest.", {"clarity": 1}), answer("Tea.", {"completeness": 1})) == []


def test_without_a_consensus_nothing_is_preferred() -> None:
    assert told(answer("Rest.", 5), answer("Dust.", {"accuracy": None})) == []


def test_an_answer_that_is_not_safe_or_wrong_is_never_chosen() -> None:
    assert told(answer("Rest.", {"safety": 3}), answer("Dust.", 1)) == []
    assert told(answer("Rest.", {"accuracy": 1}), answer("Dust.", 1)) == []


def test_a_correction_of_a_low_rated_answer_is_chosen_before_another_answer() -> None:
    corrected = answer("Dust.", {"accuracy": 1}, corrections=(("holder-b", "Sleep."),))
    policy = POLICY.model_copy(update={"teach_unknown_questions": True})
    (pair,), _ = rated_pairs([answer("Rest.", 5), corrected], (), policy, GUARDRAILS, Grounds())
    assert (pair.chosen, pair.rejected, pair.identity) == ("Sleep.", "Dust.", "holder-b")


def test_a_correction_about_which_no_document_says_anything_waits() -> None:
    corrected = answer("Dust.", {"accuracy": 1}, corrections=(("holder-b", "Sleep."),))
    assert built(corrected) == ([], Drops({"no-document": 1}))
    assert told(answer("Rest.", 5), answer("Dust.", 1)), "two raters agree on an answer"


def test_two_different_corrections_teach_nothing() -> None:
    disputed = answer("Dust.", 1, corrections=(("holder-a", "Sleep."), ("holder-b", "Tea.")))
    assert built(disputed) == ([], Drops({"disputed": 2}))


def test_a_correction_of_an_answer_that_is_not_low_rated_is_left() -> None:
    assert told(answer("Rest.", {"clarity": 1}, corrections=(("holder-a", "Sleep."),))) == []


def test_a_question_that_a_gate_asks_never_teaches() -> None:
    """It would teach the test."""
    pairs, dropped = built(answer("Rest.", 5), answer("Dust.", 1), judging=frozenset({normalise(ASKED)}))
    assert (pairs, dropped) == ([], Drops({"question-is-judged": 1}))


def test_questions_with_passages_empty_answers_and_unsafe_texts_never_teach() -> None:
    passage = [answer(text, level, context="A page.") for text, level in (("Rest.", 5), ("Dust.", 1))]
    assert built(*passage) == ([], Drops({"has-a-passage": 1}))
    assert built(answer("Rest.", 5), answer(EMPTY, 1)) == ([], Drops({"no-answer": 1}))
    assert told(answer(EMPTY, 5), answer("Dust.", 1)) == []
    harmful = answer("You can stop taking your insulin.", 5)
    assert "unsafe-correction" in built(harmful, answer("Dust.", 1))[1]
