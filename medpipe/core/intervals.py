"""Intervals for a share: Wilson's, which drift and evaluations use, and the exact upper bound of rare events."""

from __future__ import annotations

import math

Z_95 = 1.959963984540054
"""The 97.5 % point of the standard normal distribution: two-sided intervals then hold 95 %."""


def wilson(share: float, size: float, z: float = Z_95) -> tuple[float, float]:
    """Return Wilson's score interval (low, high) of a share in 0..1 that was observed in `size` trials.

    `size` may be fractional (an effective sample size), and `z` may be a quantile of Student's t. The interval lies
    in 0..1 and contains the share. No trials (`size` 0) or an infinite `z` say nothing: (0, 1).

    Source: Wilson, JASA 1927, 22:209-212.
    """
    if size <= 0 or math.isinf(z):
        return 0.0, 1.0
    weight = z * z / size
    middle = (share + weight / 2) / (1 + weight)
    half = math.sqrt(weight * share * (1 - share) + weight * weight / 4) / (1 + weight)
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def exact_upper_bound(events: int, trials: int, confidence: float) -> float:
    """Return the one-sided Clopper-Pearson upper bound of a share, 0..1: the exact bound for few or no events.

    The least share at which `events` or fewer of `trials` are less probable than 1 - `confidence`. 1 without trials.
    Raises ValueError for more events than trials.

    Source: Clopper and Pearson, Biometrika 1934, 26:404-413. For no events it is 1 - (1 - confidence) ** (1 / trials).
    """
    if not 0 <= events <= trials:
        raise ValueError(f"{events} events of {trials} trials")
    if events == trials:
        return 1.0
    low, high = events / trials, 1.0
    for _ in range(60):  # bisection to the precision of a float
        middle = (low + high) / 2
        seldom = _at_most(events, trials, middle) < 1 - confidence
        low, high = (low, middle) if seldom else (middle, high)
    return high


def _at_most(events: int, trials: int, share: float) -> float:
    """Return the probability of at most `events` of `trials`, each with probability `share`."""
    if share in (0.0, 1.0):
        return 1.0 - share
    hit, miss = math.log(share), math.log1p(-share)
    return sum(
        math.exp(_log_choices(trials, k) + k * hit + (trials - k) * miss)  # logarithms: the numbers are huge
        for k in range(events + 1)
    )


def _log_choices(trials: int, events: int) -> float:
    return math.lgamma(trials + 1) - math.lgamma(events + 1) - math.lgamma(trials - events + 1)
