"""Stale answers: whether a model still says what a document said before it changed, by the year of the change."""

from __future__ import annotations

from collections.abc import Sequence

from medpipe.core.judging import entailment, statistics
from medpipe.core.judging.asserting import asserts
from medpipe.core.judging.evaluation import Metric, Sample, Score

_SAID = 0.5
"""Least share of the statements of an earlier answer without a slot that a stale answer says."""


def is_stale(sample: Sample, answer: str) -> bool:
    """Return whether an answer to a changed question asserts the earlier slot.

    Without a slot: whether it says half of the earlier answer's statements, and more of them than of today's.
    """
    if sample.stale_slot:
        return asserts(sample.stale_slot, answer, sample.stale, sample.question)
    earlier = entailment.grade(answer, sample.stale).recall
    return earlier >= _SAID and earlier > entailment.grade(answer, sample.target).recall


def of_scores(benchmark: str, scores: Sequence[Score]) -> dict[str, Metric]:
    """Return the share of stale answers to questions whose answer changed, in all and by the year of the change."""
    asked = [score for score in scores if score.stale is not None]
    years = sorted({score.changed for score in asked})
    groups = {f"{benchmark} stale": asked} | {
        f"{benchmark} stale since {year}": [score for score in asked if score.changed == year] for year in years
    }
    return {
        name: statistics.mean(name, [float(bool(one.stale)) for one in group], [one.cluster for one in group])
        for name, group in groups.items()
        if group
    }
