"""Figures that the scores of a benchmark show beside their mean, each with n, clusters and interval.

No gate reads them. Answers by labels have figures of their own (`core.judging.labels`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from medpipe.core.judging import abstaining, languages, staleness
from medpipe.core.judging.evaluation import Metric, Score
from medpipe.core.judging.evidence import figures as evidence

Figures = dict[str, Metric]
"""Name → figure."""
_KINDS: Sequence[Callable[[str, Sequence[Score]], Figures]] = (
    evidence.of_scores,
    abstaining.of_scores,
    staleness.of_scores,
    languages.of_scores,
)


def figures(scores: Mapping[str, Sequence[Score]]) -> dict[str, Figures]:
    """Return benchmark → what its scores show; only benchmarks that show anything."""
    found = {
        name: {figure: metric for kind in _KINDS for figure, metric in kind(name, given).items()}
        for name, given in scores.items()
    }
    return {name: of_benchmark for name, of_benchmark in found.items() if of_benchmark}
