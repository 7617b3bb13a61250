"""Publishers' revisions as artifacts: plan_pulls, pull."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

from medpipe import records
from medpipe.core.corpus.bad_record import BadRecord, Received
from medpipe.core.corpus.document import Document
from medpipe.core.corpus.source_policy import SourcePolicy
from medpipe.core.manifests import DocumentsInputs, DocumentsOutcome
from medpipe.core.refs import DocumentsRef
from medpipe.errors import BatchRejected, SourceError, UsageError
from medpipe.ports import Ports, SourceOfFiles
from medpipe.steps.artifact import BAD_RECORDS, once

log = logging.getLogger(__name__)

BEGINNING = date(1900, 1, 1)
"""A day before any file was posted."""
_SHOWN = 3
"""Bad records that a message repeats."""


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

    Records that cannot be read are kept beside the documents, with their places and reasons, for `validate` to
    quarantine. Raises UsageError for a window that ends before it begins, SourceError, and BatchRejected when more
    records are bad than the policy of the source bears.
    """
    _check_window(start, end)

    def fill(folder: Path) -> DocumentsOutcome:
        return _kept(_published(source, start, end, ids, file, ports), ports.source_policy(source), folder)

    inputs = DocumentsInputs(source=source, start=start, end=end, ids=tuple(sorted(ids)), file=file)
    return DocumentsRef(once(ports, "documents", "pull", inputs, fill))


def _kept(received: Iterable[Received], policy: SourcePolicy, folder: Path) -> DocumentsOutcome:
    """Write documents and bad records into the folder of a pull, and count them. Raises BatchRejected."""
    bad = list[BadRecord]()

    def documents() -> Iterator[Document]:
        for record in received:
            if isinstance(record, BadRecord):
                bad.append(record)
            else:
                yield record

    count = records.write(folder / "documents.jsonl", documents())
    if not policy.bears(len(bad), count + len(bad)):
        raise BatchRejected(
            f"{len(bad)} of {count + len(bad)} records cannot be read, which is more than policies/sources.yaml bears "
            f"({policy.max_bad_records}, or {policy.max_bad_share:.1%}); nothing was taken. {_examples(bad)}"
        )
    if bad:
        log.warning("%d records cannot be read and will be quarantined. %s", len(bad), _examples(bad))
        records.write(folder / BAD_RECORDS, bad)
    return DocumentsOutcome(documents=count, bad_records=len(bad))


def _examples(bad: Sequence[BadRecord]) -> str:
    return " ".join(f"{record.in_words()}." for record in bad[:_SHOWN])


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
) -> Iterator[Received]:
    publisher = ports.source(source)
    if not file:
        return publisher.pull(start, end, ids)
    if not isinstance(publisher, SourceOfFiles):
        raise SourceError(f"the source {source} has no files to choose from; leave out file={file}.")
    return publisher.pull(start, end, ids, file)
