"""What answers by labels show beside their accuracy: confusions, recall of each label, macro-F1 and Cohen's kappa.

The values are scikit-learn's, and the intervals are over clusters (`core.judging.statistics`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from medpipe.core.judging import statistics
from medpipe.core.judging.evaluation import Metric, Score

BY_RULE = ""
"""The label of an answer that a guardrail rule replaced."""


class Labelled(BaseModel):
    """The answers to one benchmark's questions that have choices. Their accuracy is the benchmark's own metric."""

    model_config = ConfigDict(frozen=True)
    labels: tuple[str, ...]
    """Every label that was right or was given, sorted; `BY_RULE` for what rules replaced."""
    confusion: tuple[tuple[int, ...], ...]
    """Numbers of answers: a row for each right label, a column for each given one, both in the order of `labels`."""
    recall: dict[str, Metric]
    """For each label that was right: the share of its questions that got it."""
    macro_f1: Metric
    """The mean over these labels of F1."""
    kappa: Metric
    """Cohen's kappa in -1..1: 1 is agreement, 0 as much as by chance."""

    def metrics(self) -> dict[str, Metric]:
        """Return the metrics by name."""
        return {metric.name: metric for metric in (self.macro_f1, self.kappa, *self.recall.values())}


class _Pair(NamedTuple):
    right: str
    given: str


def labelled(scores: Mapping[str, Sequence[Score]]) -> dict[str, Labelled]:
    """Return what the answers show for each benchmark that has questions with choices."""
    with_labels = {name: [score for score in given if score.target] for name, given in scores.items()}
    return {name: _labelled(name, of_benchmark) for name, of_benchmark in with_labels.items() if of_benchmark}


def _labelled(name: str, scores: Sequence[Score]) -> Labelled:
    from sklearn.metrics import cohen_kappa_score, confusion_matrix, f1_score

    pairs, clusters = [_Pair(score.target, _given(score)) for score in scores], [score.cluster for score in scores]
    right = sorted({pair.right for pair in pairs})
    labels = sorted({*right, *(pair.given for pair in pairs)})

    def macro_f1(chosen: Sequence[_Pair]) -> float:
        return float(f1_score(*zip(*chosen, strict=True), labels=right, average="macro", zero_division=0.0))

    def kappa(chosen: Sequence[_Pair]) -> float:
        if len({label for pair in chosen for label in pair}) == 1:
            return 1.0  # not defined: one label alone was right and given
        return float(cohen_kappa_score(*zip(*chosen, strict=True), labels=labels))

    return Labelled(
        labels=tuple(labels),
        confusion=tuple(map(tuple, confusion_matrix(*zip(*pairs, strict=True), labels=labels).tolist())),
        recall={label: _recall(name, label, scores) for label in right},
        macro_f1=statistics.jackknifed(f"{name} macro-F1", macro_f1, pairs, clusters),
        kappa=statistics.jackknifed(f"{name} kappa", kappa, pairs, clusters, least=-1.0),
    )


def _recall(name: str, label: str, scores: Sequence[Score]) -> Metric:
    asked = [score for score in scores if score.target == label]
    values = [float(_given(score) == label) for score in asked]
    return statistics.mean(f"{name} recall of {label}", values, [score.cluster for score in asked])


def _given(score: Score) -> str:
    return BY_RULE if score.by == "rule" else score.answer
