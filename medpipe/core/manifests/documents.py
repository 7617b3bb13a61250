"""The manifest of a delivery."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from medpipe.core.manifests.base import Inputs, Manifest, Outcome


class DocumentsInputs(Inputs):
    """A window [start, end) of one source: whole, or only `ids`, or only the publisher's `file`."""

    written_when_set: ClassVar[frozenset[str]] = frozenset({"file"})
    source: str
    start: date
    end: date
    ids: tuple[str, ...] = ()
    """Sorted document ids; empty for everything that the window has."""
    file: str = ""


class DocumentsOutcome(Outcome):
    """The outcome of `pull`."""

    documents: int
    """Rows of documents.jsonl."""
    bad_records: int = 0
    """Rows of bad_records.jsonl: records that could not be read (`core.corpus.bad_record`). Without any, no file."""


class DocumentsManifest(Manifest):
    """A delivery: documents that one source revised in one window, made by `pull`."""

    kind: ClassVar[str] = "documents"
    inputs: DocumentsInputs
    outcome: DocumentsOutcome
