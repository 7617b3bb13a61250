"""What several raters say together of one answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from medpipe.core.judging.rating.filled import Filled
from medpipe.core.judging.rating.scale import DIMENSIONS, Dimension, Level

RATERS = 2
"""Raters of every answer. Where they differ, a third decides."""


class Rating(Filled):
    """One rater's ratings of one answer, with the rater."""

    rater: int
    """Number of the rater among those of the sheet, from 1. It stays when the identity is erased."""
    identity: str
    """The holder of the rater's key."""


def consensus(levels: Sequence[Level]) -> Level | None:
    """Return the median of what raters gave; None for fewer than two of them, and where the median is between levels.

    Two raters who differ by a step or more have no consensus: a third decides. Of three different ratings the middle
    one counts.
    """
    if len(levels) < RATERS:
        return None
    ordered = sorted(levels)
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return low if low == high else None


def by_answer(ratings: Iterable[Rating]) -> dict[str, list[Rating]]:
    """Return the ratings of each answer, in the order of the raters."""
    groups: dict[str, list[Rating]] = defaultdict(list)
    for one in sorted(ratings, key=lambda one: (one.id, one.rater)):
        groups[one.id].append(one)
    return dict(groups)


def agreed(ratings: Iterable[Rating], dimension: Dimension) -> Level | None:
    """Return the consensus of the ratings of one answer on a dimension."""
    return consensus([one.rating(dimension) for one in ratings])


def awaiting(ids: Iterable[str], ratings: Mapping[str, Sequence[Rating]]) -> list[str]:
    """Return the answers that need another rater: fewer than two rated them, or they differ on some dimension."""
    return [id for id in ids if any(agreed(ratings.get(id, ()), name) is None for name in DIMENSIONS)]
