"""What the scores of evidence twins show: how often the answer moved, and how often it stayed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from medpipe.core.judging import statistics
from medpipe.core.judging.evaluation import Metric, Score
from medpipe.core.judging.evidence.conditions import CONTROLS, ORIGINAL, TWINS

MARK = "~"
"""Stands between the id of an item and the condition of its passage, in the id of a sample."""

Item = Mapping[str, Score]
"""The scores of one item, by condition."""


def items(scores: Iterable[Score]) -> list[Item]:
    """Return the scores by item, in the order of the scores; items that were not asked as they are are left out."""
    found: dict[str, dict[str, Score]] = {}
    for score in scores:
        found.setdefault(score.sample_id.rpartition(MARK)[0], {})[score.condition] = score
    return [item for item in found.values() if ORIGINAL in item]


def moved(name: str, scores: Iterable[Score], conditions: Sequence[str] = TWINS) -> Metric | None:
    """Return the share of twins whose answer is another one than that to the original passage; None without twins."""
    return _share(name, scores, conditions, lambda item, condition: not _same(item, condition))


def stayed(name: str, scores: Iterable[Score], conditions: Sequence[str] = CONTROLS) -> Metric | None:
    """Return the share of controls whose answer is that to the original passage; None without controls."""
    return _share(name, scores, conditions, _same)


def exactly(name: str, scores: Iterable[Score]) -> Metric | None:
    """Return the share of items whose answers moved in every twin and in no control.

    Only items that have both; None where none has.
    """
    judged = [
        (
            float(
                all(_same(item, condition) is (condition in CONTROLS) for condition in item if condition != ORIGINAL)
            ),
            item[ORIGINAL].cluster,
        )
        for item in items(scores)
        if not item.keys().isdisjoint(TWINS) and not item.keys().isdisjoint(CONTROLS)
    ]
    return _mean(name, judged)


def of_scores(benchmark: str, scores: Sequence[Score]) -> dict[str, Metric]:
    """Return the figures of a benchmark of evidence twins by name; none for any other benchmark."""
    if not any(score.condition == ORIGINAL for score in scores):
        return {}
    figures = (
        exactly(f"{benchmark} moved with the evidence alone", scores),
        moved(f"{benchmark} moved", scores),
        *(moved(f"{benchmark} moved when {condition}", scores, (condition,)) for condition in TWINS),
        stayed(f"{benchmark} stayed", scores),
        *(stayed(f"{benchmark} stayed when {condition}", scores, (condition,)) for condition in CONTROLS),
    )
    return {metric.name: metric for metric in figures if metric}


def _same(item: Item, condition: str) -> bool:
    return item[condition].said == item[ORIGINAL].said


def _share(
    name: str, scores: Iterable[Score], conditions: Sequence[str], holds: Callable[[Item, str], bool]
) -> Metric | None:
    judged = [
        (float(holds(item, condition)), item[ORIGINAL].cluster)
        for item in items(scores)
        for condition in conditions
        if condition in item
    ]
    return _mean(name, judged)


def _mean(name: str, judged: Sequence[tuple[float, str]]) -> Metric | None:
    if not judged:
        return None
    return statistics.mean(name, [value for value, _ in judged], [cluster for _, cluster in judged])
