"""What accumulates in several places, as one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from medpipe.ports import Leftover, Leftovers


class AllLeftovers:
    """`medpipe.ports.Leftovers` of several places, whose kinds are in the order of their names."""

    def __init__(self, *places: Leftovers) -> None:
        self._places = places

    def all(self) -> Iterator[Leftover]:
        """Yield everything, as `ports.Leftovers` says."""
        yield from chain.from_iterable(place.all() for place in self._places)

    def remove(self, leftover: Leftover) -> bool:
        """Remove one from the place that has it."""
        return any(place.remove(leftover) for place in self._places)
