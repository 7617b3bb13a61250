from __future__ import annotations

import pytest

from medpipe.core import questions


@pytest.mark.parametrize(("heading", "title", "expected"), [
    ("What are the treatments for Velorin fever?", "Velorin fever", ("treatment", "Velorin fever")),
    ("Who is more likely to get velorin fever?", "Velorin fever", ("susceptibility", "velorin fever")),
    ("How can velorin fever be prevented?", "x", ("prevention", "velorin fever")),
    ("What are the symptoms of a stroke?", "Stroke", ("symptoms", "a stroke")),
    ("What is (are) Velorin fever ?", "x", ("information", "Velorin fever")),  # as MedQuAD writes them
    ("Who is at risk for Leukemia? ?", "x", ("susceptibility", "Leukemia")),
    ("How to diagnose Velorin fever ?", "x", ("exams and tests", "Velorin fever")),
    ("Do you have information about A1C", "A1C", ("information", "A1C")),
    ("Treatment", "Velorin fever", ("treatment", "Velorin fever")),
    ("CONCLUSIONS", "Does tazomib help?", ("finding", "Does tazomib help?")),
    ("Authors' conclusions", "Does tazomib help? A trial.", ("finding", "Does tazomib help?")),
    ("Should I fast before the test?", "A1C", ("question", "Should I fast before the test?")),
])
def test_published_headings_are_recognised(heading: str, title: str, expected: tuple[str, str]) -> None:
    assert questions.recognise(heading, title) == expected


@pytest.mark.parametrize(("heading", "title"), [
    ("METHODS", "Does tazomib help?"), ("CONCLUSIONS", "Tazomib in adults"), ("", "Velorin fever")])
def test_what_asks_nothing_is_not_recognised(heading: str, title: str) -> None:
    assert questions.recognise(heading, title) is None


@pytest.mark.parametrize("kind", sorted(questions.TYPES))
def test_every_type_has_enough_phrasings_and_none_is_both_taught_and_held_out(kind: str) -> None:
    focus = "Velorin fever"
    taught = {questions.normalise(one) for one in questions.training(kind, focus, 99)}
    held_out = {questions.normalise(one) for one in questions.held_out(kind, focus)}
    assert len(taught) >= 3
    assert len(held_out) >= 2
    assert not taught & held_out


def test_no_held_out_phrasing_of_one_type_is_taught_by_another() -> None:
    taught = {questions.normalise(one) for kind in questions.TYPES for one in questions.training(kind, "X", 99)}
    asked = {questions.normalise(one) for kind in questions.TYPES for one in questions.held_out(kind, "X")}
    assert not taught & asked


@pytest.mark.parametrize("kind", sorted(set(questions.TYPES) - {questions.FINDING, questions.QUESTION}))
def test_every_phrasing_is_recognised_as_its_own_type(kind: str) -> None:
    for phrasing in (*questions.training(kind, "Velorin fever", 99), *questions.held_out(kind, "Velorin fever")):
        assert questions.recognise(phrasing, "") == (kind, "Velorin fever")


def test_phrasings_go_round() -> None:
    count = len(questions.TYPES["causes"].training)
    assert questions.phrase("causes", "X", count) == questions.phrase("causes", "X", 0) == "What causes X?"


def test_questions_are_the_same_whatever_their_punctuation_and_case() -> None:
    assert questions.normalise("What causes  X ?") == questions.normalise("what CAUSES “X”?")


def test_a_translated_title_loses_its_brackets() -> None:
    assert questions.question_in("[Does tazomib help?].") == "Does tazomib help?"
