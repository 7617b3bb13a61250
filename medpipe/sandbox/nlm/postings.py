"""Where PubMed's postings leave the calendar: update files that are held back, and next year's baseline."""

from __future__ import annotations

import threading
from collections.abc import Collection
from datetime import date

NEXT_BASELINE = "pubmed27n0001.xml.gz"
"""The only file of next year's baseline. It says of each article what the first update file said."""


class Postings:
    """What is held back and what is ordered. A file that is held back keeps the day of its posting when it comes."""

    def __init__(self, names: Collection[str]) -> None:
        """`names`: the update files of the calendar."""
        self._names = names
        self._held = frozenset[str]()
        self._lock = threading.Lock()
        self.next_baseline: date | None = None
        """The day on which next year's baseline was posted in the place of this year's; None before."""

    def hold(self, name: str, held: bool) -> None:
        """Hold an update file back, or post it. Raises ValueError for a file that the calendar does not have."""
        if name not in self._names:
            raise ValueError(f"no update file {name!r}; there are {', '.join(self._names)}")
        with self._lock:
            self._held = self._held | {name} if held else self._held - {name}

    def posted(self, name: str) -> bool:
        """Return whether an update file is not held back."""
        return name not in self._held
