"""Intervals for benchmarks: clustered by document, paired where two models answered the same items.

After Miller, "Adding Error Bars to Evals" (arXiv:2411.00640): questions about one document rise and fall
together, so variance is taken over documents; two models are compared item by item. Two corrections keep
small samples honest: Wilson's interval on the effective sample size for a mean (Wilson 1927; Korn and
Graubard, Survey Methodology 1998), and Agresti and Min's pseudo-pairs for a difference (Statistics in
Medicine 2005), so that forty items without a change do not prove that there is none.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import NamedTuple

from medpipe.core.judging.evaluation import Metric

LEVEL = 0.95


class Interval(NamedTuple):
    """An estimate with its 95 % interval. `clusters` counts independent groups, `n` items."""

    value: float
    low: float
    high: float
    n: int
    clusters: int


def mean(name: str, values: Sequence[float], clusters: Sequence[Hashable]) -> Metric:
    """The mean of scores in 0..1 with a clustered Wilson interval. Raises ValueError for none, or for NaN."""
    groups = _groups(values, clusters)
    count, centre = len(values), math.fsum(values) / len(values)
    effective = _effective_size(centre, count, groups)
    z = _t(len(groups) - 1) if len(groups) > 1 else math.inf
    if math.isinf(z):
        return Metric(name=name, value=centre, low=0.0, high=1.0, n=count)
    share = z * z / effective
    middle = (centre + share / 2) / (1 + share)
    half = math.sqrt(share * centre * (1 - centre) + share * share / 4) / (1 + share)
    return Metric(
        name=name,
        value=centre,
        low=max(0.0, min(centre, middle - half)),
        high=min(1.0, max(centre, middle + half)),
        n=count,
    )


def paired_difference(after: Sequence[float], before: Sequence[float], clusters: Sequence[Hashable]) -> Interval:
    """The mean of after − before, item by item, with a clustered t interval.

    The interval is that of the sample with four half pseudo-items (+1, −1, 0, 0), each its own cluster, moved
    so that it is centred on the plain difference. Raises ValueError for none, unequal lengths, or NaN.
    """
    if len(after) != len(before):
        raise ValueError(f"{len(after)} scores against {len(before)}: a pair needs the same items")
    differences = [new - old for new, old in zip(after, before, strict=True)]
    groups = _groups(differences, clusters)
    count, centre = len(differences), math.fsum(differences) / len(differences)
    if len(groups) < 2:
        return Interval(centre, -1.0, 1.0, count, len(groups))
    total = count + 2.0
    squares = math.fsum((math.fsum(group) - len(group) * centre) ** 2 for group in groups)
    pseudo = 0.5 * ((1 - centre) ** 2 + (1 + centre) ** 2) + centre**2
    error = math.sqrt((squares + pseudo) * len(groups) / (len(groups) - 1)) / total
    half = _t(len(groups) - 1) * error
    return Interval(centre, max(-1.0, centre - half), min(1.0, centre + half), count, len(groups))


def _groups(values: Sequence[float], clusters: Sequence[Hashable]) -> list[list[float]]:
    """Values by cluster, in the order of first appearance. An empty cluster name is a cluster of its own."""
    if not values:
        raise ValueError("no scores: nothing can be said about none")
    if len(values) != len(clusters):
        raise ValueError(f"{len(values)} scores but {len(clusters)} clusters")
    if not all(math.isfinite(value) for value in values):
        raise ValueError("a score is not a number")
    found: dict[Hashable, list[float]] = {}
    for index, (value, cluster) in enumerate(zip(values, clusters, strict=True)):
        found.setdefault(("alone", index) if cluster == "" else ("cluster", cluster), []).append(value)
    return list(found.values())


def _effective_size(centre: float, count: int, groups: Sequence[Sequence[float]]) -> float:
    """Items divided by the design effect; the number of clusters where the scores do not vary at all."""
    plain = centre * (1 - centre) / count
    if len(groups) < 2 or plain <= 0:
        return float(len(groups))
    squares = math.fsum((math.fsum(group) - len(group) * centre) ** 2 for group in groups)
    clustered = squares * len(groups) / (len(groups) - 1) / count**2
    return min(float(count), max(1.0, count * plain / clustered)) if clustered > 0 else float(count)


def _t(freedom: int) -> float:
    from scipy.special import stdtrit  # a tenth of a second that `import medpipe.cli` need not pay

    return float(stdtrit(freedom, 1 - (1 - LEVEL) / 2))
