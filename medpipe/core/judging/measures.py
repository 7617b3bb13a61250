"""Measures: figures of two models on one benchmark, for reports. No gate reads them.

A mean of scores in 0..1 has the intervals of `statistics`. A figure that is computed from sums over a corpus (BLEU,
perplexity) has percentile intervals of a bootstrap that draws whole clusters, the same for both models: Koehn,
"Statistical Significance Tests for Machine Translation Evaluation" (EMNLP 2004); Field and Welsh, "Bootstrapping
clustered data" (Journal of the Royal Statistical Society B 2007, 69:369-390). With fewer than some 20 clusters these
are too narrow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from medpipe.core.judging import statistics
from medpipe.core.judging.evaluation import Metric

DRAWS = 1000
"""Draws of the bootstrap. The bounds of a 95 % interval then rest on the 25 outermost on either side."""
_SEED = 20041
_TAIL = (1 - statistics.LEVEL) / 2

Sums = Sequence[Sequence[float]]
"""A row of what adds up for each item, in the order of the items."""


class _Value(BaseModel):
    # "constants": the interval of one cluster has no end, and null would not be read back as a number.
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")


class Estimate(_Value):
    """A figure with its 95 % interval over clusters."""

    value: float
    low: float
    high: float


class Measure(_Value):
    """One figure of two models on the same items of one benchmark."""

    benchmark: str
    name: str
    better: Literal["higher", "lower"] = "higher"
    before: Estimate
    after: Estimate
    change: Estimate
    """After - before, item by item."""
    n: int
    """Number of items."""
    clusters: int
    """Number of independent groups of items."""

    def __str__(self) -> str:
        change = f"{self.change.value:+.3f} ({self.change.low:+.3f} to {self.change.high:+.3f})"
        size = f"{self.n} samples, {self.clusters} clusters"
        return f"{self.benchmark} {self.name}: {self.before.value:.3f} → {self.after.value:.3f}, {change}, {size}"


def estimate(metric: Metric) -> Estimate:
    """Return the value of a metric with its interval."""
    return Estimate(value=metric.value, low=metric.low, high=metric.high)


def of_scores(
    benchmark: str,
    name: str,
    before: Sequence[float],
    after: Sequence[float],
    clusters: Sequence[str],
    better: Literal["higher", "lower"] = "higher",
) -> Measure:
    """Return the measure of scores in 0..1, item by item. Raises ValueError as `statistics.paired_difference` does."""
    change = statistics.paired_difference(after, before, clusters)
    means = [statistics.mean(name, scores, clusters) for scores in (before, after)]
    old, new = map(estimate, means)
    return Measure(
        benchmark=benchmark,
        name=name,
        better=better,
        before=old,
        after=new,
        change=Estimate(value=change.value, low=change.low, high=change.high),
        n=change.n,
        clusters=change.clusters,
    )


def of_sums(
    benchmark: str,
    name: str,
    before: Sums,
    after: Sums,
    clusters: Sequence[str],
    figure: Callable[[NDArray[np.float64]], float],
    better: Literal["higher", "lower"] = "higher",
) -> Measure:
    """Return the measure of a figure that `figure` computes from the sums over the items.

    The same items give the same interval: the draws have one seed. One cluster alone says nothing about others: its
    interval has no end. Raises ValueError for no items or unequal lengths.
    """
    if not len(before) == len(after) == len(clusters) > 0:
        raise ValueError(f"{len(before)} and {len(after)} rows of sums for {len(clusters)} clusters")
    groups = _by_cluster(clusters)
    both = np.array([[np.sum(np.asarray(rows, float)[group], axis=0) for group in groups] for rows in (before, after)])
    values = [figure(rows.sum(axis=0)) for rows in both]
    weights = np.random.default_rng(_SEED).multinomial(len(groups), [1 / len(groups)] * len(groups), size=DRAWS)
    drawn = np.array([[figure(draw) for draw in weights @ rows] for rows in both])
    return Measure(
        benchmark=benchmark,
        name=name,
        better=better,
        before=_estimate(values[0], drawn[0], len(groups)),
        after=_estimate(values[1], drawn[1], len(groups)),
        change=_estimate(values[1] - values[0], drawn[1] - drawn[0], len(groups)),
        n=len(clusters),
        clusters=len(groups),
    )


def perplexity(sums: NDArray[np.float64]) -> float:
    """Return the perplexity of texts from the sums of their log-likelihoods and of their tokens."""
    return math.exp(-float(sums[0]) / float(sums[1]))


def _by_cluster(clusters: Sequence[str]) -> list[list[int]]:
    """Return the places of the items of each cluster. An empty cluster name is a cluster of its own."""
    groups: dict[tuple[str, int], list[int]] = {}
    for place, cluster in enumerate(clusters):
        groups.setdefault((cluster, -1 if cluster else place), []).append(place)
    return list(groups.values())


def _estimate(value: float, drawn: NDArray[np.float64], clusters: int) -> Estimate:
    if clusters < 2:
        return Estimate(value=value, low=-math.inf, high=math.inf)
    low, high = np.quantile(drawn, [_TAIL, 1 - _TAIL])
    return Estimate(value=value, low=min(value, float(low)), high=max(value, float(high)))
