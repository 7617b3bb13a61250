"""Intervals for benchmarks: clustered by document, paired if two models answered the same items.

After Miller, "Adding Error Bars to Evals" (arXiv:2411.00640): the scores of questions about one document rise and fall
together, so the variance is taken over documents; two models are compared item by item. Small samples, rare changes and
documents of unequal size need more than a t interval, which then covers the truth in 65 to 90 % instead of 95 %:

- For a mean: Wilson's interval on the effective sample size (Korn and Graubard, Survey Methodology 1998, 24:193-201).
- For a difference: the share of gains and the share of losses each get Clopper and Pearson's exact interval on the
  effective sample size (Korn and Graubard, as above), and the two are combined by the method of variance estimates
  recovery (Zou and Donner, Statistics in Medicine 2008, 27:1693-1702; for pairs Newcombe, same journal 1998,
  17:2635-2650).
- For a statistic that is no mean, such as F1: the delete-a-group jackknife over clusters (Kott, Journal of Official
  Statistics 2001, 17:521-526).
- For a count of faults: the exact upper limit (Clopper and Pearson, Biometrika 1934, 26:404-413).

`tests/core/judging/test_coverage.py` measures how often the intervals cover the truth.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple, TypeVar

from medpipe.core.intervals import wilson
from medpipe.core.judging.evaluation import Metric

LEVEL = 0.95
"""The share of intervals of means that contain the truth."""
ALPHA = 0.025
"""The probability that a bound of a difference is on the wrong side of the truth, if no error budget sets another."""
PSEUDO_DOCUMENTS = 3.0
"""Documents of equal size that are taken to have changed as a whole when the design effect is estimated.

From few changes it cannot be seen whether changes come by the document. The number was chosen by simulation: with it, a
loss of the margin passes in at most 2.5 %. Of documents of unequal size more are taken (`_size_of_share`).
"""

JACKKNIFE_GROUPS = 40
"""Groups of clusters, each left out once: more make an interval hardly better and its computation longer."""

Item = TypeVar("Item")


class Interval(NamedTuple):
    """An estimate with its interval. Each bound is on the wrong side of the truth with probability `alpha`."""

    value: float
    low: float
    high: float
    n: int
    """Number of items."""
    clusters: int
    """Number of independent groups of items."""
    alpha: float = ALPHA


class Changes(NamedTuple):
    """What a difference is computed from: sums over items, and over clusters of the squares of their sums."""

    items: int
    clusters: int
    size_squares: float
    """Sum over clusters of the squared number of items."""
    size_fourths: float
    """Sum over clusters of the fourth power of the number of items."""
    gains: float
    """Sum over items of what was gained, each in 0..1."""
    losses: float
    gain_squares: float
    """Sum over clusters of (gain - size * mean gain) squared."""
    loss_squares: float
    products: float
    """Sum over clusters of (gain - size * mean gain) * (loss - size * mean loss)."""


class _Share(NamedTuple):
    """A share with its exact interval."""

    value: float
    low: float
    high: float


_NO_SPREAD = 1e-9
"""Half an interval that is nothing but rounding."""


def mean(name: str, values: Sequence[float], clusters: Sequence[Hashable]) -> Metric:
    """Return the mean of scores in 0..1 with a clustered Wilson interval, as the metric `name`.

    `clusters` names each score's group; an empty name is a group of its own. One group alone says nothing about
    others: its interval is 0 to 1. Raises ValueError for no scores, unequal lengths or a score that is not finite.
    """
    groups = _groups(values, clusters)
    count, centre = len(values), math.fsum(values) / len(values)
    quantile = _t(len(groups) - 1, (1 - LEVEL) / 2) if len(groups) > 1 else math.inf
    low, high = wilson(centre, _effective_size(centre, count, groups), quantile)
    return Metric(name=name, value=centre, low=low, high=high, n=count, clusters=len(groups))


def jackknifed(
    name: str,
    statistic: Callable[[Sequence[Item]], float],
    items: Sequence[Item],
    clusters: Sequence[str],
    least: float = 0.0,
) -> Metric:
    """Return a statistic of items, in `least`..1, with the interval of the delete-a-group jackknife.

    `clusters` as in `mean`; one group alone says nothing about others. Where the statistic is the same whatever is left
    out, nothing shows how it varies. The limits then allow that the largest share of clusters that none of those seen
    rules out (exact, `upper_share`) is as different as can be. At 1, the lower limit is Wilson's, if it is lower.
    """
    names = [cluster or f"alone {place}" for place, cluster in enumerate(clusters)]
    group_of = {cluster: turn % JACKKNIFE_GROUPS for turn, cluster in enumerate(dict.fromkeys(names))}
    value, groups = statistic(items), range(min(JACKKNIFE_GROUPS, len(group_of)))
    if len(groups) < 2:
        return Metric(name=name, value=value, low=least, high=1.0, n=len(items), clusters=len(group_of))
    without = [
        statistic([item for item, cluster in zip(items, names, strict=True) if group_of[cluster] != group])
        for group in groups
    ]
    quantile, centre = _t(len(groups) - 1, (1 - LEVEL) / 2), math.fsum(without) / len(groups)
    half = quantile * math.sqrt((1 - 1 / len(groups)) * math.fsum((one - centre) ** 2 for one in without))
    low, high = value - half, value + half
    if half < _NO_SPREAD:
        unseen = upper_share(0, len(group_of), (1 - LEVEL) / 2)
        low, high = value - unseen * (value - least), value + unseen * (1 - value)
        if value > 1 - _NO_SPREAD:
            low = min(low, wilson(1.0, len(group_of), quantile)[0])
    return Metric(
        name=name, value=value, low=max(least, low), high=min(1.0, high), n=len(items), clusters=len(group_of)
    )


def paired_difference(
    after: Sequence[float], before: Sequence[float], clusters: Sequence[Hashable], alpha: float = ALPHA
) -> Interval:
    """Return the mean of after - before, item by item, with its interval (`difference`).

    Raises ValueError for no scores, unequal lengths or a score that is not finite.
    """
    if len(after) != len(before):
        raise ValueError(f"{len(after)} scores against {len(before)}: a pair needs the same items")
    return difference(changes([new - old for new, old in zip(after, before, strict=True)], clusters), alpha)


def changes(differences: Sequence[float], clusters: Sequence[Hashable]) -> Changes:
    """Return the sums that `difference` needs, of differences in -1..1. Raises ValueError as `mean` does."""
    groups = _groups(differences, clusters)
    sizes = [len(group) for group in groups]
    gains = [math.fsum(max(value, 0.0) for value in group) for group in groups]
    losses = [math.fsum(max(-value, 0.0) for value in group) for group in groups]
    items, gained, lost = len(differences), math.fsum(gains), math.fsum(losses)
    gains_off = [gain - size * gained / items for gain, size in zip(gains, sizes, strict=True)]
    losses_off = [loss - size * lost / items for loss, size in zip(losses, sizes, strict=True)]
    return Changes(
        items=items,
        clusters=len(groups),
        size_squares=float(sum(size**2 for size in sizes)),
        size_fourths=float(sum(size**4 for size in sizes)),
        gains=gained,
        losses=lost,
        gain_squares=math.fsum(value * value for value in gains_off),
        loss_squares=math.fsum(value * value for value in losses_off),
        products=math.fsum(gain * loss for gain, loss in zip(gains_off, losses_off, strict=True)),
    )


def difference(sums: Changes, alpha: float = ALPHA) -> Interval:
    """Return the mean difference with an interval whose bounds are each wrong with probability `alpha` at most.

    One cluster alone says nothing about others: its interval is -1 to 1.
    """
    centre = (sums.gains - sums.losses) / sums.items
    if sums.clusters < 2:
        return Interval(centre, -1.0, 1.0, sums.items, sums.clusters, alpha)
    gain = _share(sums, sums.gains, sums.gain_squares, alpha)
    loss = _share(sums, sums.losses, sums.loss_squares, alpha)
    spread = math.sqrt(sums.gain_squares * sums.loss_squares)
    together = min(0.0, max(-1.0, sums.products / spread)) if spread > 0 else 0.0
    below = _joined(gain.value - gain.low, loss.high - loss.value, together)
    above = _joined(gain.high - gain.value, loss.value - loss.low, together)
    return Interval(centre, max(-1.0, centre - below), min(1.0, centre + above), sums.items, sums.clusters, alpha)


def upper_share(faults: int, looks: int, alpha: float = 1 - LEVEL) -> float:
    """Return the exact upper limit of a share of which `faults` were seen in `looks` independent looks.

    The true share is above the limit with probability `alpha` at most. No looks say nothing: 1.
    """
    if faults >= looks:
        return 1.0
    from scipy.special import betaincinv  # see `_t`

    return float(betaincinv(faults + 1, looks - faults, 1 - alpha))


def student(freedom: float) -> float:
    """Return how many standard errors a two-sided interval at `LEVEL` reaches to each side."""
    return _t(freedom, (1 - LEVEL) / 2)


def _joined(gain: float, loss: float, together: float) -> float:
    """Return the distance of a bound from the difference, from those of its parts and their correlation (<= 0)."""
    return math.sqrt(gain * gain + loss * loss - 2 * together * gain * loss)


def _share(sums: Changes, total: float, squares: float, alpha: float) -> _Share:
    """Return the share of `total` in the items with Clopper and Pearson's interval on the effective sample size."""
    from scipy.special import betaincinv  # see `_t`

    share = total / sums.items
    size = _size_of_share(sums, share, squares, alpha)
    count = share * size
    low = float(betaincinv(count, size - count + 1, alpha)) if count > 0 else 0.0
    high = float(betaincinv(count + 1, size - count, 1 - alpha)) if count < size else 1.0
    return _Share(share, min(low, share), max(high, share))


def _size_of_share(sums: Changes, share: float, squares: float, alpha: float) -> float:
    """Return the effective number of items: between Kish's number of clusters and the number of items.

    The design effect is that of the changes and of documents that changed as a whole, `PSEUDO_DOCUMENTS` if all have
    equal size. The number is reduced by the squared ratio of the normal to the t quantile (Korn and Graubard). A few
    large clusters decide alone how far clusters seem to vary. So t has the degrees of freedom that Satterthwaite's
    approximation gives for clusters that change as a whole (Bell and McCaffrey, Survey Methodology 2002, 28:169-181;
    Carter, Schnepel and Steigerwald, Review of Economics and Statistics 2017, 99:698-709), and the imagined documents
    are as many times more as these are fewer than Kish's number.
    """
    clusters = sums.items**2 / sums.size_squares
    if clusters <= 1 + 1e-9:
        return clusters
    deciding = sums.size_squares**2 / sums.size_fourths
    whole = PSEUDO_DOCUMENTS * clusters / deciding
    size = sums.size_squares / sums.items
    rest = 1 - share if share < 1 else 1.0
    effect = (squares / rest + whole * size * size) / (share * sums.items + whole * size)
    few = (_z(alpha) / _t(max(deciding - 1, 1e-3), alpha)) ** 2
    return min(float(sums.items), max(clusters, few * sums.items / max(1.0, effect)))


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


def _t(freedom: float, alpha: float) -> float:
    """Return the quantile of Student's t that is exceeded with probability `alpha`."""
    from scipy.special import stdtrit  # a tenth of a second that `import medpipe.cli` need not pay

    return float(stdtrit(freedom, 1 - alpha))


def _z(alpha: float) -> float:
    """Return the quantile of the standard normal distribution that is exceeded with probability `alpha`."""
    from scipy.special import ndtri  # see `_t`

    return float(ndtri(1 - alpha))
