"""The Retraction Watch Database: one file with every row, posted again on working days."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from medpipe.core.corpus.bad_record import Received
from medpipe.core.corpus.document import Document
from medpipe.core.corpus.revision import on_day
from medpipe.errors import SourceError, UsageError
from medpipe.sources.retraction_watch.listed import ID, parse_list
from medpipe.sources.transport import archive, document_ids, download, listing, progress

__all__ = ["RetractionWatchSource"]


class RetractionWatchSource:
    """Rows from `address`: the file's address, or a folder that has it.

    A pull returns all rows when the file was posted in the window (by its Last-Modified; in a folder, by its
    modification time), else nothing.
    """

    def __init__(self, address: str, cache: Path) -> None:
        self._address = address
        self._cache = cache / "retraction-watch"

    def pull(self, start: date, end: date, ids: Sequence[str] = ()) -> Iterator[Received]:
        """See `medpipe.ports.Source.pull`; `ids` are like `rw:12345`. Raises UsageError for one of another form."""
        wanted = _checked(ids)
        rows = download.whole(_file(self._address), self._cache, lambda path: self._read(path, start, end))
        chosen = [row for row in rows if not wanted or (isinstance(row, Document) and row.id in wanted)]
        yield from progress.counted(chosen, self._address)

    def _read(self, path: Path, start: date, end: date) -> list[Received]:
        day = listing.posted_within(path, self._address, start, end)
        if day is None:
            return []
        with archive.opened(path) as stream:
            text = stream.read().decode("utf-8-sig", errors="replace")
        return list(parse_list(io.StringIO(text, newline=""), path.name, on_day(day), day))


def _checked(values: Sequence[str]) -> set[str]:
    """Return the ids with their prefix. Raises UsageError for an id of another form."""
    wanted = set[str]()
    for value in document_ids.distinct(values):
        if not (match := ID.fullmatch(value)):
            raise UsageError(f"{document_ids.shown(value)} is not a row of Retraction Watch; ids look like rw:12345.")
        wanted.add(f"rw:{match[1]}")
    return wanted


def _file(address: str) -> str:
    """Return the file's address; in a folder, the last CSV file by name."""
    folder = listing.folder_of(address)
    if folder is None:
        return address
    files = sorted(path for path in folder.iterdir() if path.name.endswith((".csv", ".csv.gz")))
    if not files:
        raise SourceError(f"{address}: has no CSV file; correct the setting or copy retraction_watch.csv there.")
    return str(files[-1])
