"""Intervals for benchmarks: clustered by document, paired if two models answered the same items.

After Miller, "Adding Error Bars to Evals" (arXiv:2411.00640): the scores of questions about one document rise and fall
together, so the variance is taken over documents; two models are compared item by item. Two corrections keep small
samples honest, so that forty items without a change do not prove that there is no change:

- For a mean: Wilson's interval on the effective sample size (Korn and Graubard, Survey Methodology 1998, 24:193-201).
- For a difference: pseudo-pairs (Agresti and Min, Statistics in Medicine 2005, 24:729-740).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import NamedTuple

from medpipe.core.intervals import wilson
from medpipe.core.judging.evaluation import Metric

LEVEL = 0.95
"""The share of intervals that contain the truth."""


class Interval(NamedTuple):
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float
    n: int
    """Number of items."""
    clusters: int
    """Number of independent groups of items."""


def mean(name: str, values: Sequence[float], clusters: Sequence[Hashable]) -> Metric:
    """Return the mean of scores in 0..1 with a clustered Wilson interval, as the metric `name`.

    `clusters` names each score's group; an empty name is a group of its own. One group alone says nothing about
    others: its interval is 0 to 1. Raises ValueError for no scores, unequal lengths or a score that is not finite.
    """
    groups = _groups(values, clusters)
    count, centre = len(values), math.fsum(values) / len(values)
    quantile = _t(len(groups) - 1) if len(groups) > 1 else math.inf
    low, high = wilson(centre, _effective_size(centre, count, groups), quantile)
    return Metric(name=name, value=centre, low=low, high=high, n=count)


def paired_difference(after: Sequence[float], before: Sequence[float], clusters: Sequence[Hashable]) -> Interval:
    """Return the mean of after - before, item by item, with a clustered t interval.

    The interval is that of the sample with four half pseudo-items (+1, -1, 0, 0), each a cluster of its own, moved
    so that it is centred on the plain difference. One cluster alone gives -1 to 1. Raises ValueError for no scores,
    unequal lengths or a score that is not finite.
    """
    if len(after) != len(before):
        raise ValueError(f"{len(after)} scores against {len(before)}: a pair needs the same items")
    differences = [new - old for new, old in zip(after, before, strict=True)]
    groups = _groups(differences, clusters)
    count, centre = len(differences), math.fsum(differences) / len(differences)
    if len(groups) < 2:
        return Interval(centre, -1.0, 1.0, count, len(groups))
    total = count + 2.0
    pseudo = 0.5 * ((1 - centre) ** 2 + (1 + centre) ** 2) + centre**2
    squares = _squares(centre, groups) + pseudo
    error = math.sqrt(squares * len(groups) / (len(groups) - 1)) / total
    half = _t(len(groups) - 1) * error
    return Interval(centre, max(-1.0, centre - half), min(1.0, centre + half), count, len(groups))


def _groups(values: Sequence[float], clusters: Sequence[Hashable]) -> list[list[float]]:
    """Return the values by cluster, in the order of first appearance. An empty cluster name is a cluster of its own."""
    if not values:
        raise ValueError("no scores: nothing can be said about none")
    if len(values) != len(clusters):
        raise ValueError(f"{len(values)} scores but {len(clusters)} clusters")
    if not all(math.isfinite(value) for value in values):
        raise ValueError("a score is not a number")
    groups: dict[Hashable, list[float]] = {}
    for index, (value, cluster) in enumerate(zip(values, clusters, strict=True)):
        groups.setdefault(("alone", index) if cluster == "" else ("cluster", cluster), []).append(value)
    return list(groups.values())


def _squares(centre: float, groups: Sequence[Sequence[float]]) -> float:
    """Return the sum over clusters of the squared sum of deviations from the mean."""
    return math.fsum((math.fsum(group) - len(group) * centre) ** 2 for group in groups)


def _effective_size(centre: float, count: int, groups: Sequence[Sequence[float]]) -> float:
    """Return the number of items divided by the design effect; the number of clusters if all scores are equal."""
    plain = centre * (1 - centre) / count
    if len(groups) < 2 or plain <= 0:
        return float(len(groups))
    clustered = _squares(centre, groups) * len(groups) / (len(groups) - 1) / count**2
    return min(float(count), max(1.0, count * plain / clustered)) if clustered > 0 else float(count)


def _t(freedom: int) -> float:
    """Return the quantile of Student's t for a two-sided interval at `LEVEL`."""
    from scipy.special import stdtrit  # a tenth of a second that `import medpipe.cli` need not pay

    return float(stdtrit(freedom, 1 - (1 - LEVEL) / 2))
