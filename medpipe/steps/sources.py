"""Publishers' revisions as artifacts: plan_pulls, pull."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from medpipe import records
from medpipe.core.corpus.document import Document
from medpipe.core.manifests import DocumentsInputs, DocumentsOutcome
from medpipe.core.refs import DocumentsRef
from medpipe.errors import SourceError, UsageError
from medpipe.ports import Ports, SourceOfFiles
from medpipe.steps.artifact import once

BEGINNING = date(1900, 1, 1)
"""A day before any file was posted."""


def plan_pulls(
    sources: tuple[str, ...], start: date, end: date, baseline: bool = False, *, ports: Ports
) -> list[dict[str, str]]:
    """Return the arguments of each `pull` that a window needs: one for every PubMed file, one for any other source.

    A file is pulled with the day of its posting as the window, so that it is one artifact in whichever window it
    is asked for. `baseline`: take every file posted before `end`, and not only those posted from `start` on. Raises
    UsageError for a window that ends before it begins.
    """
    _check_window(start, end)
    return [pull_arguments for source in sources for pull_arguments in _planned(source, start, end, baseline, ports)]


def pull(
    source: str, start: date, end: date, ids: tuple[str, ...] = (), file: str = "", *, ports: Ports
) -> DocumentsRef:
    """Fetch the documents that a source revised in [start, end), or only those of `ids`, or those in one `file`.

    Raises UsageError for a window that ends before it begins, and SourceError.
    """
    _check_window(start, end)

    def fill(folder: Path) -> DocumentsOutcome:
        documents = _published(source, start, end, ids, file, ports)
        return DocumentsOutcome(documents=records.write(folder / "documents.jsonl", documents))

    inputs = DocumentsInputs(source=source, start=start, end=end, ids=tuple(sorted(ids)), file=file)
    return DocumentsRef(once(ports, "documents", "pull", inputs, fill))


def _check_window(start: date, end: date) -> None:
    if start > end:
        raise UsageError(f"the window starts on {start}, after it ends on {end}: give start <= end")


def _planned(source: str, start: date, end: date, baseline: bool, ports: Ports) -> list[dict[str, str]]:
    publisher = ports.source(source)
    files = publisher.files(BEGINNING if baseline else start, end) if isinstance(publisher, SourceOfFiles) else ()
    windows = [{**_window(file.day, file.day + timedelta(days=1)), "file": file.name} for file in files]
    return [{"source": source, **window} for window in windows or [_window(start, end)]]


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
