"""The index of sources: what writes, opens and searches one, and which one the gateways use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from medpipe.core.knowledge.source_passage import SourcePassage


class SourceIndex(Protocol):
    """An open index. Several threads may search it at the same time."""

    def find(self, text: str, most: int) -> Sequence[SourcePassage]:
        """Return the passages that share terms with a text, best first, at most `most`.

        Equal scores are in the order of the index.
        """


class SourceIndexes(Protocol):
    """Writes and opens indexes."""

    def write(self, passages: Iterable[SourcePassage], folder: Path) -> int:
        """Write an index of passages into a folder and return their number. The same passages give the same bytes.

        The texts are not held in memory, the numbers of their terms are. Writes nothing for no passages.
        """

    def open(self, folder: Path) -> SourceIndex:
        """Open the index in a folder. Raises Damaged, which names the file, when one is missing or cannot be read."""


class PublishedIndex(NamedTuple):
    """Which index the gateways search."""

    sequence: int
    """Grows with each publication."""
    ref: str | None
    """The ref of the index; None: answers have no sources."""
    at: datetime


class PublishedIndexes(Protocol):
    """Every publication of an index, append-only and in the audit; the newest one holds."""

    def publish(self, index: str | None) -> PublishedIndex:
        """Publish an index, or none. The same call again changes nothing."""

    def current(self) -> PublishedIndex | None:
        """Return the newest publication; None before the first."""
