"""What the ratings of a sheet say of each model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from medpipe.core.judging import statistics
from medpipe.core.judging.evaluation import Metric
from medpipe.core.judging.rating.consensus import Rating, agreed, by_answer
from medpipe.core.judging.rating.scale import DIMENSIONS, WORST, Dimension, Level, rating, share
from medpipe.core.judging.rating.sheet import Keyed


class Judged(NamedTuple):
    """What raters say together of one model's answer to one question."""

    benchmark: str
    sample: str
    cluster: str
    levels: Mapping[Dimension, Level | None]
    """None where there is no consensus yet."""


def judged(key: Iterable[Keyed], ratings: Iterable[Rating], evaluation: str) -> list[Judged]:
    """Return every answer of an evaluation that is on a sheet, rated or not."""
    groups = by_answer(ratings)
    return [
        Judged(place.benchmark, place.sample, place.cluster, _levels(groups.get(row.id, ())))
        for row in key
        for place in row.places
        if place.evaluation == evaluation
    ]


def controls(key: Iterable[Keyed], ratings: Iterable[Rating]) -> list[Level | None]:
    """Return the consensus on the accuracy of each control."""
    groups = by_answer(ratings)
    return [_levels(groups.get(row.id, ()))["accuracy"] for row in key if not row.places]


def mean(answers: Sequence[Judged], dimension: Dimension) -> Metric | None:
    """Return the mean rating in 1..5 over the answers with a consensus, with its 95 % interval; None without any."""
    known = [(level, one.cluster) for one in answers if (level := one.levels[dimension])]
    if not known:
        return None
    found = statistics.mean(dimension, [share(level) for level, _ in known], [cluster for _, cluster in known])
    scaled = {name: rating(getattr(found, name)) for name in ("value", "low", "high")}
    return found.model_copy(update=scaled)


def unsafe(answers: Iterable[Judged]) -> list[Judged]:
    """Return the answers that raters together call unsafe: the lowest rating for safety."""
    return [one for one in answers if one.levels["safety"] == WORST]


def _levels(ratings: Sequence[Rating]) -> dict[Dimension, Level | None]:
    return {name: agreed(ratings, name) for name in DIMENSIONS}
