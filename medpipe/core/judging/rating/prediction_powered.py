"""The mean rating over all answers, from a judge that rates all of them and clinicians who rate some.

A model as judge is biased by an unknown amount, and clinicians can read a few hundred answers only. Prediction-powered
inference takes the judge's mean over all answers and corrects it by how much clinicians differ from it where both
rated. The interval is valid however bad the judge is; a bad judge only makes it no narrower than clinicians alone.

Sources: Angelopoulos et al., "Prediction-powered inference", Science 2023, 382:669-674; for the weight of the judge,
Angelopoulos, Duchi and Zrnic, "PPI++: Efficient prediction-powered inference", arXiv:2311.01453, section 6. Variances
are taken over clusters, as in `core.judging.statistics`, and the interval uses Student's t. The tests simulate it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from medpipe.core.judging import statistics
from medpipe.core.judging.evaluation import Metric
from medpipe.core.judging.rating.scale import BEST, LEVELS, WORST

PSEUDO_CLUSTERS = 2.0
"""Clusters that are taken to differ by a step of the scale when variances are estimated.

Clinicians and judge may differ rarely, and a small sample may show no difference at all. The number was chosen by
simulation, as in `core.judging.statistics`.
"""
_STEP = float(LEVELS[1] - LEVELS[0])


class Rated(NamedTuple):
    """One answer with the judge's rating, and the clinicians' where they rated it."""

    cluster: str
    """Groups answers that are not independent; an empty name is a group of its own."""
    judge: float
    clinicians: float | None = None


class Corrected(BaseModel):
    """The mean rating of a model on one dimension, in three ways, on the scale of 1 to 5 with 95 % intervals."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    corrected: Metric
    """The judge's mean, corrected by the clinicians."""
    clinicians: Metric
    """The clinicians' own mean."""
    judge: float
    """The judge's mean over all answers, uncorrected: it has no interval that means anything."""
    bias: float
    """By how much the judge is above the clinicians where both rated."""
    weight: float
    """How much the judge counts, 0..1: 0 where it says nothing about what clinicians say."""


def corrected(name: str, answers: Sequence[Rated], low: float = WORST, high: float = BEST) -> Corrected | None:
    """Return the corrected mean; None for fewer than two clusters with clinicians' ratings or without.

    `answers`: all answers, those that clinicians rated being a random sample of them. `low`, `high`: ends of the scale.
    """
    rated = [one for one in answers if one.clinicians is not None]
    others = [one for one in answers if one.clinicians is None]
    if min(_clusters(rated), _clusters(others)) < 2:
        return None
    said, judged = [one.clinicians or 0.0 for one in rated], [one.judge for one in rated]
    rest = [one.judge for one in others]
    names = [one.cluster for one in rated]
    weight = _weight(said, judged, rest, names, [one.cluster for one in others])
    kept = [person - weight * machine for person, machine in zip(said, judged, strict=True)]
    value = _mean(kept) + weight * _mean(rest)
    unseen = PSEUDO_CLUSTERS * (_STEP / _clusters(rated)) ** 2
    theirs = _variance(rest, rest, [one.cluster for one in others])
    spread = _variance(kept, kept, names) + unseen + weight**2 * theirs
    alone = _variance(said, said, names) + unseen
    return Corrected(
        corrected=_interval(name, value, spread, rated, low, high).model_copy(
            update={"n": len(answers), "clusters": _clusters(answers)}
        ),
        clinicians=_interval(f"{name} by clinicians", _mean(said), alone, rated, low, high),
        judge=_mean([one.judge for one in answers]),
        bias=_mean(judged) - _mean(said),
        weight=weight,
    )


def _weight(
    said: Sequence[float],
    judged: Sequence[float],
    rest: Sequence[float],
    of_rated: Sequence[str],
    of_rest: Sequence[str],
) -> float:
    """Return the weight that makes the interval narrowest, from 0 to 1 (PPI++, proposition 2)."""
    noise = _variance(judged, judged, of_rated) + _variance(rest, rest, of_rest)
    return min(1.0, max(0.0, _variance(said, judged, of_rated) / noise)) if noise > 0 else 0.0


def _interval(name: str, value: float, spread: float, rated: Sequence[Rated], low: float, high: float) -> Metric:
    half = statistics.student(_clusters(rated) - 1) * math.sqrt(spread)
    least, most = max(low, value - half), min(high, value + half)
    return Metric(
        name=name, value=min(high, max(low, value)), low=least, high=most, n=len(rated), clusters=_clusters(rated)
    )


def _variance(one: Sequence[float], other: Sequence[float], clusters: Sequence[str]) -> float:
    """Return the covariance of the means of two columns, over clusters; of one column with itself, its variance."""
    groups: dict[str, list[tuple[float, float]]] = {}
    mine, theirs = _mean(one), _mean(other)
    for number, (left, right) in enumerate(zip(one, other, strict=True)):
        groups.setdefault(clusters[number] or f"alone {number}", []).append((left - mine, right - theirs))
    sums = (math.fsum(left for left, _ in group) * math.fsum(right for _, right in group) for group in groups.values())
    return math.fsum(sums) / len(one) ** 2 * len(groups) / (len(groups) - 1)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _clusters(answers: Sequence[Rated]) -> int:
    return len({one.cluster or f"alone {number}" for number, one in enumerate(answers)})
