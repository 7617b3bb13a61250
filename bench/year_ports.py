"""The real ports over the deliveries of an invented year (`medpipe.sandbox.year`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from medpipe import records
from medpipe.core.corpus.document import Document
from medpipe.ports import Source
from medpipe.wiring import Wiring


class YearSource:
    """What a year has published so far, by the date in the revision."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def pull(self, start: date, end: date, ids: Sequence[str] = ()) -> Iterator[Document]:
        """Yield the documents of a window."""
        first, last = (int(day.strftime("%Y%m%d")) for day in (start, end))
        for document in records.read(self._file, Document) if self._file.exists() else ():
            if first <= document.revision < last and (not ids or document.id in ids):
                yield document


class YearPorts(Wiring):
    """The real ports over the deliveries of a year."""

    def source(self, name: str) -> Source:
        """Return what was published of a source."""
        return YearSource(self.settings.home / "sources" / f"{name}.jsonl")
