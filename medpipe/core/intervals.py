"""Wilson's interval for a share: the one that drift and evaluations use."""

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
