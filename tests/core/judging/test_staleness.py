"""Stale answers: what an earlier revision said, and no denial or mention of it."""

from __future__ import annotations

import pytest

from medpipe.core.judging.evaluation import Sample, Score
from medpipe.core.judging.figures import figures
from medpipe.core.judging.staleness import is_stale

SLOT = Sample(
    id="1",
    question="What treats velorin fever?",
    target="Velorin fever is treated with velomab.",
    slot="velomab",
    stale="Velorin fever is treated with tazomib.",
    stale_slot="tazomib",
)
LONG = SLOT.model_copy(
    update={
        "stale": "Adults must rest in bed for ten days. Children need warm milk at night.",
        "stale_slot": "",
        "target": "Adults may walk about after two days. Children need warm milk at night.",
    }
)


@pytest.mark.parametrize(
    ("sample", "answer", "stale"),
    [
        (SLOT, "It is treated with tazomib.", True),
        (SLOT, "It is treated with velomab.", False),
        (SLOT, "It must not be treated with tazomib.", False),
        (SLOT, "I do not know.", False),
        (LONG, LONG.stale, True),
        (LONG, LONG.target, False),
        (LONG, "Dust.", False),
    ],
)
def test_an_answer_is_stale_if_it_asserts_what_was_said_before(sample: Sample, answer: str, stale: bool) -> None:
    assert is_stale(sample, answer) is stale


def test_the_share_is_given_for_each_year_of_change() -> None:
    scores = [
        Score(sample_id=str(number), value=0.0, answer="", cluster=str(number), stale=number < 3, changed=year)
        for number, year in enumerate([2024] * 4 + [2025] * 4)
    ]
    shown = figures({"b": [*scores, Score(sample_id="9", value=1.0, answer="")]})["b"]
    assert {name: (metric.value, metric.n) for name, metric in shown.items()} == {
        "b stale": (0.375, 8),
        "b stale since 2024": (0.75, 4),
        "b stale since 2025": (0.0, 4),
    }
    assert shown["b stale since 2025"].high > 0.0, "four answers do not rule it out"
