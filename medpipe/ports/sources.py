"""Publishers of documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Protocol, runtime_checkable

from medpipe.core.corpus.bad_record import Received
from medpipe.core.corpus.watermark import PostedFile


class Source(Protocol):
    """One publisher of documents."""

    def pull(self, start: date, end: date, ids: Sequence[str] = ()) -> Iterator[Received]:
        """Yield the documents revised in [start, end), or only those in `ids`, in the order of their revisions.

        A withdrawal arrives as a Document with status DELETED or RETRACTED, and a record that cannot be read as a
        BadRecord among the others. Raises SourceError, which names the file, when a file cannot be read to its end.
        """


@runtime_checkable
class SourceOfFiles(Source, Protocol):
    """A source whose files can be pulled one by one, so that a thousand files become a thousand tasks."""

    def files(self, start: date, end: date) -> Sequence[PostedFile]:
        """Return the files posted in [start, end), in the order in which they apply."""

    def pull(self, start: date, end: date, ids: Sequence[str] = (), file: str = "") -> Iterator[Received]:
        """Yield documents as `Source.pull` does; where `file` is a name, only those of that file."""
