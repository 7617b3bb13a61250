"""How well a model knows what it knows: calibration, and accuracy where it answers only what it is confident of.

- ECE, the expected calibration error: the mean distance of confidence and accuracy over bins with equally many answers
  (Guo et al., ICML 2017, arXiv:1706.04599; bins of equal mass: Nguyen and O'Connor, EMNLP 2015). It is above 0 by
  chance, too, the more so the fewer answers a bin has (Kumar et al., NeurIPS 2019, arXiv:1909.10155).
- The Brier score of being right: the mean of (confidence - right)², in 0..1. It rewards calibration, and confidence
  that tells right answers from wrong ones; not accuracy: who is never right and never confident has 0, the best score.
- Selective accuracy: of the most confident share of the answers (Geifman and El-Yaniv, NeurIPS 2017,
  arXiv:1705.08500).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from medpipe.core.judging import measures
from medpipe.core.judging.measures import Measure

BINS = 10
"""Bins of the calibration error at most."""
LEAST = 10
"""Answers that a bin has at least: with fewer answers there are fewer bins."""
COVERAGES = (0.5, 0.8)
"""Shares of the answers of which the selective accuracy is measured."""


class Bin(BaseModel):
    """Answers of similar confidence."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    n: int
    confidence: float
    """Mean confidence, in 0..1."""
    accuracy: float
    """Share of right answers."""


class Calibration(BaseModel):
    """The bins of two models on one benchmark, from the least confident to the most."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    before: tuple[Bin, ...]
    after: tuple[Bin, ...]


class Judged(NamedTuple):
    """One answer of a model: how confident it was, and whether it was right."""

    confidence: float
    """In 0..1."""
    right: float
    """1 or 0."""


def confidence(logs: Mapping[str, float], answer: str) -> float:
    """Return the probability of an answer among labels, from the logarithms of the labels' probabilities.

    Raises KeyError for an answer that is no label.
    """
    highest = max(logs.values())
    weights = {label: math.exp(log - highest) for label, log in logs.items()}
    return weights[answer] / math.fsum(weights.values())


def agreement(answers: Sequence[str]) -> list[float]:
    """Return for each answer to one question in several wordings the share of the answers that are equal to it.

    It stands for a confidence where no probability can be had (Lyu et al., arXiv:2402.13904). A model that always says
    the same is fully confident by it.
    """
    return [answers.count(answer) / len(answers) for answer in answers]


def measured(
    benchmark: str, suffix: str, before: Sequence[Judged], after: Sequence[Judged], clusters: Sequence[str]
) -> Iterator[Measure]:
    """Yield ECE, Brier score and selective accuracies of two models, with intervals over clusters.

    `suffix`: ends each name where the confidence is no probability. The bootstrap keeps the bins.
    """
    old, new = _differences(before), _differences(after)
    yield measures.of_sums(benchmark, f"ece{suffix}", old, new, clusters, _ece, better="lower")
    squares = [[(one.confidence - one.right) ** 2 for one in side] for side in (before, after)]
    yield measures.of_scores(benchmark, f"brier{suffix}", squares[0], squares[1], clusters, better="lower")
    for coverage in COVERAGES:
        name = f"accuracy_of_most_confident_{100 * coverage:.0f}{suffix}"
        old, new = _most_confident(before, coverage), _most_confident(after, coverage)
        yield measures.of_sums(benchmark, name, old, new, clusters, _share)


def bins(judged: Sequence[Judged]) -> tuple[Bin, ...]:
    """Return the answers in bins of about equal size, from the least confident to the most."""
    places = _places(judged)
    groups = ([one for one, place in zip(judged, places, strict=True) if place == number] for number in range(BINS))
    return tuple(
        Bin(
            n=len(group),
            confidence=math.fsum(one.confidence for one in group) / len(group),
            accuracy=math.fsum(one.right for one in group) / len(group),
        )
        for group in groups
        if group
    )


def _places(judged: Sequence[Judged]) -> list[int]:
    """Return the number of each answer's bin. Equal confidences are in one bin."""
    confidences = np.array([one.confidence for one in judged])
    number = max(1, min(BINS, len(judged) // LEAST))
    edges = np.quantile(confidences, np.arange(1, number) / number)
    places: list[int] = np.searchsorted(edges, confidences, side="right").tolist()
    return places


def _differences(judged: Sequence[Judged]) -> list[list[float]]:
    """Return a row for each answer: right - confidence in the column of its bin, and 1 in the last column."""
    rows = []
    for one, place in zip(judged, _places(judged), strict=True):
        row = [0.0] * (BINS + 1)
        row[place], row[BINS] = one.right - one.confidence, 1.0
        rows.append(row)
    return rows


def _ece(sums: NDArray[np.float64]) -> float:
    return float(np.abs(sums[:BINS]).sum() / sums[BINS])


def _most_confident(judged: Sequence[Judged], coverage: float) -> list[list[float]]:
    """Return a row for each answer: whether it is among the most confident, and whether it then is right.

    Answers that are as confident as the last of them are among them.
    """
    ranked = sorted((one.confidence for one in judged), reverse=True)
    least = ranked[max(0, math.ceil(coverage * len(ranked)) - 1)]
    return [[1.0, one.right] if one.confidence >= least else [0.0, 0.0] for one in judged]


def _share(sums: NDArray[np.float64]) -> float:
    """Return the share of right answers; 0 in a draw that has none of the most confident."""
    return float(sums[1] / sums[0]) if sums[0] else 0.0
