"""What accumulates beside the artifacts and can be made again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

LeftoverKind = Literal["pages", "unfinished", "downloads"]


class Leftover(NamedTuple):
    """One folder or file that no artifact has."""

    kind: LeftoverKind
    """`pages` of one validation; `unfinished` work of a killed validation or training; `downloads`: a publisher's
    file."""
    place: str
    """Where it is, for `remove`."""
    bytes: int
    changed: datetime
    """When it, or anything in it, was last written."""


class Leftovers(Protocol):
    """Pages of validations, unfinished work and downloaded files."""

    def all(self) -> Iterator[Leftover]:
        """Yield everything, sorted by kind and place."""

    def remove(self, leftover: Leftover) -> bool:
        """Remove one: at once for readers, then from the disk. False when it is gone or was written to since."""
