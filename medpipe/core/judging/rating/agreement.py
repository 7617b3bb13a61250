"""How well raters agree: Cohen's weighted kappa of each two, and Krippendorff's alpha of all together."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, product

from pydantic import BaseModel, ConfigDict

from medpipe.core.judging import statistics
from medpipe.core.judging.evaluation import Metric
from medpipe.core.judging.rating.consensus import Rating, by_answer
from medpipe.core.judging.rating.scale import DIMENSIONS, LEVELS, Dimension


class Agreement(BaseModel):
    """How well the raters of a sheet agree on one dimension. The intervals are over the documents of the questions."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    dimension: Dimension
    alpha: Metric | None
    """Krippendorff's alpha for ordinal data: 1 is agreement, 0 as much as by chance. None where no answer has two
    ratings or all ratings are equal: then nothing shows whether the raters would tell a bad answer from a good one."""
    kappas: tuple[Metric, ...]
    """Cohen's kappa with quadratic weights, of each two raters with an answer in common; without those of whom it is
    not defined."""


def agreements(ratings: Iterable[Rating], clusters: Mapping[str, str]) -> tuple[Agreement, ...]:
    """Return the agreement on each dimension. `clusters`: answer → the cluster of its question."""
    groups = {id: given for id, given in by_answer(ratings).items() if len(given) > 1}
    return tuple(_agreement(name, groups, clusters) for name in DIMENSIONS)


def krippendorff(units: Sequence[Sequence[int]]) -> float | None:
    """Return Krippendorff's alpha for ordinal data. `units`: what raters gave each unit, in any order and number.

    A unit with fewer than two ratings is left out. None if nothing is left, or if all ratings are equal.

    Source: Krippendorff, "Computing Krippendorff's alpha-reliability" (University of Pennsylvania, 2011), section E
    with the ordinal difference function.
    """
    coincidences: dict[tuple[int, int], float] = defaultdict(float)
    for unit in (unit for unit in units if len(unit) > 1):
        counts = Counter(unit)
        for one, other in product(counts, repeat=2):
            times = counts[one] * counts[other] - (counts[one] if one == other else 0)
            coincidences[one, other] += times / (len(unit) - 1)
    values = sorted({value for value, _ in coincidences})
    totals = {value: math.fsum(coincidences[value, other] for other in values) for value in values}

    def distance(low: int, high: int) -> float:
        between = math.fsum(totals[value] for value in values if low <= value <= high)
        return (between - (totals[low] + totals[high]) / 2) ** 2

    pairs = list(combinations(values, 2))
    expected = math.fsum(totals[low] * totals[high] * distance(low, high) for low, high in pairs)
    if not expected:
        return None
    observed = math.fsum(coincidences[low, high] * distance(low, high) for low, high in pairs)
    return 1 - (math.fsum(totals.values()) - 1) * observed / expected


def weighted_kappa(pairs: Sequence[tuple[int, int]]) -> float | None:
    """Return Cohen's kappa with quadratic weights, by scikit-learn; None where it is not defined.

    Source: Cohen, Psychological Bulletin 1968, 70:213-220.
    """
    from sklearn.metrics import cohen_kappa_score  # a second that `import medpipe.cli` need not pay

    if len({level for pair in pairs for level in pair}) < 2:
        return None
    return float(cohen_kappa_score(*zip(*pairs, strict=True), labels=LEVELS, weights="quadratic"))


def _agreement(name: Dimension, groups: Mapping[str, Sequence[Rating]], clusters: Mapping[str, str]) -> Agreement:
    units = {id: tuple(one.rating(name) for one in given) for id, given in groups.items()}
    defined = krippendorff(list(units.values())) is not None
    alpha = (
        statistics.jackknifed(
            f"{name} alpha", _alpha, list(units.values()), [clusters.get(id, "") for id in units], least=-1.0
        )
        if defined
        else None
    )
    return Agreement(dimension=name, alpha=alpha, kappas=tuple(_kappas(name, groups, clusters)))


def _kappas(name: Dimension, groups: Mapping[str, Sequence[Rating]], clusters: Mapping[str, str]) -> Iterable[Metric]:
    given = {id: {one.rater: one.rating(name) for one in ratings} for id, ratings in groups.items()}
    for one, other in combinations(sorted({rater for levels in given.values() for rater in levels}), 2):
        common = [id for id, levels in given.items() if one in levels and other in levels]
        pairs = [(int(given[id][one]), int(given[id][other])) for id in common]
        if pairs and weighted_kappa(pairs) is not None:
            title = f"{name} kappa of raters {one} and {other}"
            yield statistics.jackknifed(title, _kappa, pairs, [clusters.get(id, "") for id in common], least=-1.0)


def _alpha(units: Sequence[Sequence[int]]) -> float:
    """Return alpha, or 1 where one group of clusters alone had a second level: the others agree."""
    value = krippendorff(units)
    return 1.0 if value is None else max(-1.0, value)


def _kappa(pairs: Sequence[tuple[int, int]]) -> float:
    value = weighted_kappa(pairs)
    return 1.0 if value is None else value
