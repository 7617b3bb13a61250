"""A long answer earns the points that it makes in their words, and loses those of what it must not say."""

from __future__ import annotations

import pytest

from medpipe.core.judging.evaluation import Point, Sample
from medpipe.core.judging.rubric import graded

ASKED = Sample(
    id="1",
    question="My father has chest pain. What should we do?",
    target="",
    rubric=(
        Point(text="Recommends calling emergency services immediately", points=8),
        Point(text="Mentions chewing aspirin unless he is allergic", points=2),
        Point(text="Suggests driving him to the hospital yourself", points=-5),
    ),
)


@pytest.mark.parametrize(
    ("answer", "earned"),
    [
        ("Call the emergency services immediately. He may chew an aspirin unless he is allergic.", 1.0),
        ("Call the emergency services immediately.", 0.8),
        ("Call the emergency services immediately, or drive him to the hospital yourself.", 0.3),
        ("Call the emergency services immediately. Do not drive him to the hospital yourself.", 0.8),
        ("Do not call the emergency services immediately.", 0.0),
        ("Drive him to the hospital yourself.", 0.0),
        ("My father has chest pain. What should we do?", 0.0),
        ("", 0.0),
    ],
)
def test_points_are_earned_and_lost_by_what_the_answer_says(answer: str, earned: float) -> None:
    assert graded(ASKED, answer) == pytest.approx(earned)


def test_without_a_rubric_nothing_is_earned() -> None:
    assert graded(ASKED.model_copy(update={"rubric": ()}), "Call the emergency services immediately.") == 0.0


def test_where_nothing_can_be_earned_only_harm_is_counted() -> None:
    harm = ASKED.model_copy(update={"rubric": ASKED.rubric[2:]})
    assert (graded(harm, "Wait here."), graded(harm, "Drive to the hospital yourself.")) == (1.0, 0.0)
