"""Abstention: which texts give no answer, and what coverage hides in a mean."""

from __future__ import annotations

import pytest

from medpipe.core.judging.abstaining import abstains
from medpipe.core.judging.evaluation import Sample, Score
from medpipe.core.judging.figures import figures
from tests.policies import GUARDRAILS, HARM

SAMPLE = Sample(id="1", question="What treats velorin fever?", target="Tazomib treats it.")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        ("What treats velorin fever?", True),
        ("I do not know.", True),
        ("I am not sure. I cannot say.", True),
        ("Je ne sais pas.", True),
        ("No lo sé.", True),
        ("Ask your doctor.", True),
        ("I cannot help with that.", True),
        (next(iter(GUARDRAILS.policy.replies.values())), True),
        ("Tazomib treats it.", False),
        ("Tazomib treats it, but I am not sure that it is safe. It is given by mouth.", False),
        ("Nothing treats it.", False),
        ("Le tazomib.", False),
    ],
)
def test_a_text_abstains_only_if_nothing_in_it_answers(text: str, expected: bool) -> None:
    assert abstains(SAMPLE, text, GUARDRAILS, HARM) is expected


def score(number: int, value: float, abstained: bool | None, condition: str = "") -> Score:
    return Score(
        sample_id=f"{number}~{condition}",
        value=value,
        answer="",
        cluster=str(number // 2),
        abstained=abstained,
        condition=condition,
    )


def test_a_model_that_answers_only_what_it_knows_covers_less_and_is_right_in_it() -> None:
    careful = [score(number, float(number < 10), number >= 10) for number in range(20)]
    shown = figures({"b": careful})["b"]
    assert (shown["b coverage"].value, shown["b of what was answered"].value) == (0.5, 1.0)
    assert (shown["b coverage"].n, shown["b coverage"].clusters) == (20, 10)
    assert (shown["b of what was answered"].n, shown["b of what was answered"].clusters) == (10, 5)
    assert shown["b of what was answered"].low < 1.0, "ten answers do not prove that none is wrong"


def test_a_model_that_never_answers_has_no_accuracy() -> None:
    assert list(figures({"b": [score(number, 0.0, True) for number in range(4)]})["b"]) == ["b coverage"]


def test_labels_never_abstain() -> None:
    assert figures({"b": [score(1, 1.0, None)]}) == {}


def test_without_evidence_abstaining_is_right_and_costs_no_coverage() -> None:
    twins = [
        score(number, 1.0, condition != "original", condition)
        for number in range(4)
        for condition in ("original", "removed")
    ]
    shown = figures({"b": twins})["b"]
    assert (shown["b coverage"].value, shown["b abstained without evidence"].value) == (1.0, 1.0)
    assert shown["b abstained without evidence"].n == 4
