"""What accumulates beside the artifacts and can be made again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

LeftoverKind = Literal["downloads", "pages", "unfinished", "uploads"]


class Leftover(NamedTuple):
    """One folder, file or prefix of objects that no artifact has."""

    kind: LeftoverKind
    """`pages` of one validation; `unfinished` work of a killed validation, training or writer; `downloads`: a
    publisher's file; `uploads`: what a killed writer left in an object store."""
    place: str
    """Where it is, for `remove`: a path, or an address in an object store."""
    bytes: int
    changed: datetime
    """When it, or anything in it, was last written."""


class Leftovers(Protocol):
    """Pages of validations, unfinished work, downloaded files and unfinished uploads."""

    def all(self) -> Iterator[Leftover]:
        """Yield everything, sorted by kind and place."""

    def remove(self, leftover: Leftover) -> bool:
        """Remove one: at once for readers, then from the disk. False when it is gone or was written to since."""
