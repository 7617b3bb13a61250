"""What publishers revised, as an artifact: pull."""

from __future__ import annotations

from datetime import date

from medpipe import records
from medpipe.core.refs import DocumentsRef
from medpipe.ports import Draft, Ports
from medpipe.steps.artifact import once


def pull(source: str, start: date, end: date, ids: tuple[str, ...] = (), *, ports: Ports) -> DocumentsRef:
    """The documents that a source revised in [start, end), or only those in `ids` of that window."""
    def fill(draft: Draft) -> None:
        found = ports.source(source).pull(start, end, ids)
        draft.facts["documents"] = records.write(draft.path / "documents.jsonl", found)

    inputs = {"source": source, "start": start.isoformat(), "end": end.isoformat(), "ids": sorted(ids)}
    return DocumentsRef(once(ports, "documents", "pull", inputs, fill))
