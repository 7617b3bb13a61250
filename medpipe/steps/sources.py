"""What publishers revised, as artifacts: plan_pulls, pull."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from medpipe import records
from medpipe.core.corpus.document import Document
from medpipe.core.refs import DocumentsRef
from medpipe.errors import SourceError
from medpipe.ports import Draft, Ports, SourceOfFiles
from medpipe.steps.artifact import once

BEGINNING = date(1900, 1, 1)
"""Before anything was posted."""


def plan_pulls(
    sources: tuple[str, ...], start: date, end: date, baseline: bool = False, *, ports: Ports
) -> list[dict[str, str]]:
    """The arguments of each `pull` that a window needs: one for every file of PubMed, one for any other source.

    A file is pulled for the day that it was posted, so that it is one artifact, whatever window asks for it.
    `baseline`: all files that were posted before `end`, the baseline and what followed, instead of those from
    `start`.
    """
    return [one for source in sources for one in _planned(source, start, end, baseline, ports)]


def pull(
    source: str, start: date, end: date, ids: tuple[str, ...] = (), file: str = "", *, ports: Ports
) -> DocumentsRef:
    """The documents that a source revised in [start, end), or only those of `ids`, or in the `file`, of that window."""

    def fill(draft: Draft) -> None:
        found = _published(source, start, end, ids, file, ports)
        draft.facts["documents"] = records.write(draft.path / "documents.jsonl", found)

    inputs = {"source": source, "start": start.isoformat(), "end": end.isoformat(), "ids": sorted(ids)}
    return DocumentsRef(once(ports, "documents", "pull", inputs | ({"file": file} if file else {}), fill))


def _planned(source: str, start: date, end: date, baseline: bool, ports: Ports) -> list[dict[str, str]]:
    publisher = ports.source(source)
    files = publisher.files(BEGINNING if baseline else start, end) if isinstance(publisher, SourceOfFiles) else ()
    each = [{**_window(file.day, file.day + timedelta(days=1)), "file": file.name} for file in files]
    return [{"source": source, **one} for one in each or [_window(start, end)]]


def _window(start: date, end: date) -> dict[str, str]:
    return {"start": start.isoformat(), "end": end.isoformat()}


def _published(
    source: str, start: date, end: date, ids: tuple[str, ...], file: str, ports: Ports
) -> Iterator[Document]:
    publisher = ports.source(source)
    if not file:
        return publisher.pull(start, end, ids)
    if not isinstance(publisher, SourceOfFiles):
        raise SourceError(f"the source {source} has no files to choose from; leave out file={file}.")
    return publisher.pull(start, end, ids, file)
