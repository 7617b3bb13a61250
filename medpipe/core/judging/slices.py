"""Slices: a benchmark's mean by source, question type, language and year, where its samples know them.

No gate reads them. A benchmark has many slices, so some differ by chance: look at the intervals.
"""

from __future__ import annotations

from collections.abc import Sequence

from medpipe.core.judging import statistics
from medpipe.core.judging.evaluation import Metric, Sample, Score


def means(benchmark: str, samples: Sequence[Sample], scores: Sequence[Score]) -> dict[str, Metric]:
    """Return slice → mean, sorted by name; slices with all samples of the benchmark are left out.

    `scores`: one for each sample, in their order. Raises ValueError for another number of them.
    """
    by_slice: dict[str, list[Score]] = {}
    for sample, score in zip(samples, scores, strict=True):
        for name in sample.slices:
            by_slice.setdefault(name, []).append(score)
    return {
        name: statistics.mean(
            f"{benchmark} {name}", [score.value for score in given], [score.cluster for score in given]
        )
        for name, given in sorted(by_slice.items())
        if len(given) < len(samples)
    }
