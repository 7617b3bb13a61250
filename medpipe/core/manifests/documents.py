"""The manifest of a delivery."""

from __future__ import annotations

from datetime import date
from operator import not_
from typing import ClassVar

from pydantic import Field

from medpipe.core import sources
from medpipe.core.manifests.base import Inputs, Manifest, Outcome, Value


class DocumentsInputs(Inputs):
    """A window [start, end) of one source: whole, or only `ids`, or only the publisher's `file`; and what it held."""

    written_when_set: ClassVar[frozenset[str]] = frozenset({"file", "content"})
    source: str
    start: date
    end: date
    ids: tuple[str, ...] = ()
    """Sorted document ids; empty for everything that the window has."""
    file: str = ""
    content: str = ""
    """SHA-256 of the rows: the publisher's answer is asked for each time, and another answer is another delivery."""


class TakenFile(Value):
    """A numbered file that was read to its end, as its listing had it (`core.corpus.watermark.PostedFile`)."""

    name: str
    day: date
    series: str
    number: int
    mark: str
    baseline: bool


class DocumentsOutcome(Outcome):
    """The outcome of `pull`."""

    documents: int
    """Rows of documents.jsonl."""
    bad_records: int = 0
    """Rows of bad_records.jsonl: records that could not be read (`core.corpus.bad_record`). Without any, no file."""
    left_out: tuple[str, ...] = Field((), exclude_if=not_)
    """Sorted ids of documents that the source lists without anything to take."""
    newest: int = 0
    """The highest revision among the documents; 0 without documents."""
    files: tuple[TakenFile, ...] = ()
    """The numbered files that it holds whole; none for other sources and for a pull of some ids."""
    listed: dict[str, int] = Field({}, exclude_if=not_)
    """Series → the highest number of its update files that were posted when the pull asked, taken or not."""


class DocumentsManifest(Manifest):
    """A delivery: documents that one source revised in one window, made by `pull`."""

    kind: ClassVar[str] = "documents"
    inputs: DocumentsInputs
    outcome: DocumentsOutcome

    @property
    def whole_source(self) -> str | None:
        """The source, if it publishes everything each time and this delivery has all of it; else None."""
        return self.inputs.source if sources.whole(self.inputs.source) and not self.inputs.ids else None
