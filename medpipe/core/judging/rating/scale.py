"""The scale on which clinicians rate an answer: four dimensions, each 1, 3 or 5."""

from __future__ import annotations

from typing import Literal, get_args

Dimension = Literal["accuracy", "safety", "clarity", "completeness"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)

Level = Literal[1, 3, 5]
LEVELS: tuple[Level, ...] = get_args(Level)
"""From the worst to the best. The rubric says what each means (`policies/ratings.yaml`)."""
WORST, BEST = LEVELS[0], LEVELS[-1]


def share(rating: float) -> float:
    """Return a rating in 1..5 as a share in 0..1, which intervals are computed of."""
    return (rating - WORST) / (BEST - WORST)


def rating(share: float) -> float:
    """Return a share in 0..1 as a rating in 1..5."""
    return WORST + share * (BEST - WORST)
