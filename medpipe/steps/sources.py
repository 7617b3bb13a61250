"""Publishers' revisions as artifacts: pull."""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from medpipe import records
from medpipe.core.corpus.bad_record import BadRecord, LeftOut, Received
from medpipe.core.corpus.document import Document
from medpipe.core.corpus.source_policy import SourcePolicy
from medpipe.core.corpus.watermark import PostedFile, highest
from medpipe.core.manifests import DocumentsInputs, DocumentsOutcome, TakenFile
from medpipe.core.refs import DocumentsRef
from medpipe.errors import BatchRejected, SourceError, UsageError
from medpipe.ports import Ports, SourceOfFiles
from medpipe.steps.artifact import BAD_RECORDS, ROWS, once

log = logging.getLogger(__name__)

_SHOWN = 3
"""Bad records that a message repeats."""


def pull(
    source: str, start: date, end: date, ids: tuple[str, ...] = (), file: str = "", *, ports: Ports
) -> DocumentsRef:
    """Fetch the documents that a source revised in [start, end), or only those of `ids`, or those in one `file`.

    The publisher is asked each time: the same answer is the same delivery, and another answer another one. Records
    that cannot be read are kept beside the documents, with their places and reasons, for `validate` to quarantine.
    Raises UsageError for a window that ends before it begins, SourceError, and, without `ids`, BatchRejected when more
    records of a file are bad than the policy of the source allows.
    """
    check_window(start, end)
    with TemporaryDirectory(dir=ports.workspace("pulls")) as place:
        kept = Path(place) / "kept"
        outcome = _fetched(source, start, end, ids, file, kept, ports)

        def fill(folder: Path) -> DocumentsOutcome:
            for path in kept.iterdir():
                shutil.move(path, folder / path.name)
            return outcome

        inputs = DocumentsInputs(
            source=source, start=start, end=end, ids=tuple(sorted(ids)), file=file, content=_content(kept)
        )
        return DocumentsRef(once(ports, "documents", "pull", inputs, fill))


def check_window(start: date, end: date) -> None:
    """Raise UsageError for a window that ends before it begins."""
    if start > end:
        raise UsageError(f"the window starts on {start}, after it ends on {end}: give start <= end")


def _fetched(
    source: str, start: date, end: date, ids: tuple[str, ...], file: str, folder: Path, ports: Ports
) -> DocumentsOutcome:
    """Write what a source gives into a folder, file by file where it has files, and say what that is."""
    publisher, tally = ports.source(source), _Tally(None if ids else ports.source_policy(source))
    offered = publisher.files(date.min, date.max) if isinstance(publisher, SourceOfFiles) else ()
    if isinstance(publisher, SourceOfFiles):
        posted = [entry for entry in offered if start <= entry.day < end and file in ("", entry.name)]
        if file and not posted:
            raise SourceError(f"{source}: no {file} was posted from {start} to before {end}; plan the pulls again.")
        parts = (tally.of(publisher.pull(start, end, ids, entry.name), entry.name) for entry in posted)
        documents: Iterator[Document] = chain.from_iterable(parts)
    elif file:
        raise SourceError(f"the source {source} has no files to choose from; leave out file={file}.")
    else:
        posted = list[PostedFile]()
        documents = tally.of(publisher.pull(start, end, ids), source)
    count = records.write(folder / ROWS["documents"], documents)
    if tally.bad:
        records.write(folder / BAD_RECORDS, tally.bad)
    return DocumentsOutcome(
        documents=count,
        bad_records=len(tally.bad),
        left_out=() if ids else tuple(sorted(tally.left_out)),
        newest=tally.newest,
        files=() if ids else tuple(TakenFile(**entry._asdict()) for entry in posted),
        listed={} if ids else highest(offered),
    )


class _Tally:
    """Passes documents on; keeps the bad records and what is left out between them, and the highest revision."""

    def __init__(self, policy: SourcePolicy | None) -> None:
        """`policy`: what a file may have of bad records; None for a pull of some ids, which says nothing of a file."""
        self._policy = policy
        self.bad = list[BadRecord]()
        self.left_out = set[str]()
        self.newest = 0

    def of(self, received: Iterable[Received], name: str) -> Iterator[Document]:
        """Yield the documents of one file, called `name` in messages.

        Raises BatchRejected when more of its records are bad than the policy allows.
        """
        first, count = len(self.bad), 0
        for record in received:
            count += 1
            if isinstance(record, BadRecord):
                self.bad.append(record)
            elif isinstance(record, LeftOut):
                self.left_out.add(record.id)
            else:
                self.newest = max(self.newest, record.revision)
                yield record
        self._judge(self.bad[first:], count, name)

    def _judge(self, bad: Sequence[BadRecord], count: int, name: str) -> None:
        examples = " ".join(f"{record.in_words()}." for record in bad[:_SHOWN])
        if self._policy is not None and not self._policy.allows(len(bad), count):
            raise BatchRejected(
                f"{name}: {len(bad)} of {count} records cannot be read, more than policies/sources.yaml allows "
                f"({self._policy.max_bad_records}, or {self._policy.max_bad_share:.1%}); nothing was taken. {examples}"
            )
        if bad:
            log.warning("%s: %d records cannot be read and will be quarantined. %s", name, len(bad), examples)


def _content(folder: Path) -> str:
    """Return the SHA-256 of the files that a pull keeps."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        with path.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()
