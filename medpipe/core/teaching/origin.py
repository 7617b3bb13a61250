"""Where facts come from: documents without their texts."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from medpipe.core.corpus.document import Document
from medpipe.core.spool import Spool


class Origin(NamedTuple):
    """What the later stages need of a document. The fields are those of `core.corpus.document.Document`."""

    id: str
    revision: int
    digest: str
    source: str
    published: date
    licence: str = ""
    url: str = ""
    counterpart: str = ""
    types: tuple[str, ...] = ()
    mesh: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    @classmethod
    def of(cls, document: Document) -> Origin:
        """Return the origin of everything that a document says."""
        return cls(
            document.id,
            document.revision,
            document.digest,
            document.source,
            document.published,
            document.licence,
            document.url,
            document.counterpart,
            document.types,
            document.mesh,
            document.groups,
        )


class Origins(Mapping[str, Origin]):
    """The documents of a corpus by id, on disk, numbered in the order of their ids."""

    def __init__(self, folder: Path | None = None) -> None:
        self.rows: Spool[Origin] = Spool(folder)

    def number(self, id: str) -> int | None:
        """Return the number of the document with an id; None without it."""
        place = bisect_left(self.rows, id, key=lambda origin: origin.id)
        return place if place < len(self.rows) and self.rows[place].id == id else None

    def __getitem__(self, id: str) -> Origin:
        """Return the document with an id. Raises KeyError."""
        place = self.number(id)
        if place is None:
            raise KeyError(id)
        return self.rows[place]

    def __iter__(self) -> Iterator[str]:
        """Yield the ids in order."""
        return (origin.id for origin in self.rows)

    def __len__(self) -> int:
        """Return the number of documents."""
        return len(self.rows)
