"""Stale answers: what an earlier revision said, and no denial or mention of it."""

from __future__ import annotations

import pytest

from medpipe.core.judging.evaluation import Sample, Score
from medpipe.core.judging.figures import figures
from medpipe.core.judging.staleness import Earlier, is_stale, revised

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


ADDED = LONG.model_copy(update={"target": f"{LONG.stale} Nobody may drive before that."})
LABEL = SLOT.model_copy(
    update={"target": "yes", "slot": "yes", "stale": "no", "stale_slot": "no", "choices": ("yes", "no")}
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
        (LONG, "Children need warm milk at night.", False),
        (LONG, f"{LONG.stale} {LONG.target}", False),
        (ADDED, ADDED.stale, True),
        (ADDED, ADDED.target, False),
        (LABEL, "no", True),
        (LABEL, "yes", False),
    ],
)
def test_an_answer_is_stale_if_it_asserts_what_was_said_before(sample: Sample, answer: str, stale: bool) -> None:
    assert is_stale(sample, answer) is stale


def test_a_slot_that_todays_answer_has_too_decides_nothing() -> None:
    now = Sample(id="1", question="How much velomab?", target="Adults take 10 mg of velomab a day.")
    changed = revised(now, Earlier("Adults take 5 mg of velomab a day.", "day", 2025))
    assert (changed.stale_slot, changed.changed, changed.slices) == ("", 2025, ("changed 2025",))
    assert is_stale(changed, "Adults take 5 mg of velomab a day.")
    assert not is_stale(changed, changed.target)


def test_an_answer_in_other_words_only_has_not_changed() -> None:
    sample = SLOT.model_copy(update={"stale": "", "stale_slot": ""})
    assert revised(sample, Earlier("velorin FEVER is treated with: velomab", "velomab", 2025)) is sample
    assert revised(sample, Earlier("With velomab, velorin fever is treated.", "velomab", 2025)) is sample


def test_the_share_is_given_for_each_year_of_change() -> None:
    scores = [
        Score(sample_id=str(number), value=0.0, answer="", cluster=str(number), stale=number < 3, changed=year)
        for number, year in enumerate([2024] * 4 + [2025] * 3 + [0])
    ]
    shown = figures({"b": [*scores, Score(sample_id="9", value=1.0, answer="")]})["b"]
    assert {name: (metric.value, metric.n) for name, metric in shown.items()} == {
        "b stale": (0.375, 8),
        "b stale since 2024": (0.75, 4),
        "b stale since 2025": (0.0, 3),
    }
    assert shown["b stale since 2025"].high > 0.0, "three answers do not rule it out"
