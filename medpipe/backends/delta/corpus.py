"""The corpus as a Delta Lake table that only grows: a merge costs what it brings, not what is there.

A merge appends the new state of the documents that changed, and of no other (see `delta_rows`). Any reader of
Delta (DuckDB, Polars, Spark) finds the corpus by taking the highest `sequence` of each `id`, as
docs/reading-the-corpus.md shows. `body` holds the whole Document as JSON. Every version stays readable for good.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from medpipe.backends.delta.rows import DELTA_SCHEMA, FORMAT, JOINED_FILE, NARROW, SCHEMA, Rows, rows_of
from medpipe.backends.delta.tally import TALLY, Tally
from medpipe.core.corpus.document import Document, Status
from medpipe.core.corpus.merge import Standing, newer, stands, succeeds
from medpipe.errors import MedpipeError
from medpipe.ports import Counts

_KEEP = {
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.enableExpiredLogCleanup": "false",
    "delta.deletedFileRetentionDuration": "interval 36500 days",
    # Statistics of texts would fill the log, and nobody looks for texts by their first letters.
    "delta.dataSkippingStatsColumns": "id,sequence,revision,status,published",
}
"""Old versions are what champions were trained on: never clean them up."""

_ATTEMPTS = 50
_FULL = ("No space left", "File too large", "Disk quota exceeded", "os error 28", "os error 27", "os error 122")


class DeltaCorpus:
    """`medpipe.ports.CorpusTable` in a folder."""

    many_small_files = 256
    """So many files below a megabyte are joined by `compact`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def merge(self, documents: Iterable[Document], previous: int | None, token: str) -> int:
        """Fold revisions into the newest version and return the version that this made.

        Holds the incoming documents in memory, and of the table what is known of those. Two writers at once
        both succeed: the slower one folds again over what the faster one wrote. Raises LookupError when
        `previous` is not a version of this table, MedpipeError on a full disk (the table is as it was),
        RuntimeError after 50 lost races.
        """
        incoming: dict[str, Document] = {}
        for document in documents:
            incoming[document.id] = newer(incoming.get(document.id), document)
        for attempt in range(_ATTEMPTS):
            table = self._table(previous)
            made = table.transaction_version(token)
            if made is not None:
                return int(made)
            try:
                return self._append(table, incoming, token)
            except CommitFailedError:
                time.sleep(random.uniform(0, 0.02 * (attempt + 1)))
        raise RuntimeError(f"another writer changed the corpus first, {_ATTEMPTS} times: run build_corpus again")

    def read(self, version: int, statuses: Sequence[str] = ("current",)) -> Iterator[Document]:
        """A version's documents with one of the statuses, by id; raises LookupError for no such version.

        Holds a band of some 8,000 texts, and a few tens of bytes for every document.
        """
        rows = self._rows(version)
        for texts in rows.texts(_among(rows.standing(("status",)), statuses)):
            for body in texts.column("body").to_pylist():
                yield Document.model_validate_json(body)

    def digests(self, version: int, statuses: Sequence[str] = ("current",)) -> Mapping[str, str]:
        """Id → content digest of a version's documents, without reading a text; raises LookupError."""
        found = _among(self._rows(version).standing(("status", "digest")), statuses)
        return dict(zip(*(found.column(name).to_pylist() for name in ("id", "digest")), strict=True))

    def counts(self, version: int) -> Counts:
        """As the commit noted them; where another tool made the commit, they are counted. Raises LookupError."""
        table = self._at(version)
        return _tally(table, self.folder).counts

    def compact(self, version: int) -> int:
        """A version with the same documents as `version` that is cheaper to read; `version` itself if none is.

        Superseded rows are left out once they outnumber the others, so each row is rewritten about once for
        each time that it was written; small files are joined once there are many. Streams, and keeps every
        older version. Does nothing when `version` is no longer the newest, or somebody else writes meanwhile.
        """
        table = self._at(version)
        if DeltaTable(str(self.folder)).version() != version:
            return version
        rows = Rows(table, self.folder)
        tally = _tally(table, self.folder)
        superseding = rows.count > 2 * sum(tally.counts.by_status.values())
        if not superseding and rows.small_files <= self.many_small_files:
            return version
        try:
            with self._room():
                if superseding:
                    standing = pa.RecordBatchReader.from_batches(SCHEMA, _batches(rows))
                    write_deltalake(
                        table,
                        standing,
                        mode="overwrite",
                        writer_properties=FORMAT,
                        commit_properties=_properties(tally),
                    )
                else:
                    table.optimize.compact(
                        target_size=JOINED_FILE, writer_properties=FORMAT, commit_properties=_properties(tally)
                    )
        except CommitFailedError:
            return version
        return version + 1

    def _table(self, previous: int | None) -> DeltaTable:
        """The newest version, made empty when there is none; `previous` must be one of its versions."""
        try:
            table = DeltaTable(str(self.folder))
        except TableNotFoundError:
            if previous is not None:
                raise LookupError(_missing(previous)) from None
            self.folder.mkdir(parents=True, exist_ok=True)
            table = self._created()
        if previous is not None and previous > table.version():
            raise LookupError(_missing(previous))
        return table

    def _created(self) -> DeltaTable:
        with self._room():
            try:
                return DeltaTable.create(
                    str(self.folder),
                    schema=DELTA_SCHEMA,
                    configuration=_KEEP,
                    name="corpus",
                    description="Every state of every document; the highest sequence of an id is the current one",
                )
            except DeltaError:
                if not DeltaTable.is_deltatable(str(self.folder)):
                    raise
                return DeltaTable(str(self.folder))  # another writer made it in the meantime

    def _append(self, table: DeltaTable, incoming: Mapping[str, Document], token: str) -> int:
        """One commit on exactly the version that was read; raises CommitFailedError if it is not the last."""
        version = table.version() + 1
        rows = Rows(table, self.folder)
        known = rows.standing(NARROW, incoming)
        changed = _changes(rows, known, incoming)
        tally = _tally(table, self.folder).after(known, changed, rows)
        with self._room():
            write_deltalake(
                table,
                rows_of(changed, version),
                mode="append",
                writer_properties=FORMAT,
                commit_properties=_properties(tally, Transaction(token, version)),
            )
        return version

    @contextmanager
    def _room(self) -> Iterator[None]:
        """A full disk in plain words. Nothing of a failed write is part of the table: no commit names it."""
        try:
            yield
        except CommitFailedError:
            raise
        except (DeltaError, OSError) as error:
            if not any(sign in str(error) for sign in _FULL):
                raise
            raise MedpipeError(
                f"no space left for the corpus in {self.folder}: nothing was changed and the table is "
                "as it was. Make room, then run build_corpus again"
            ) from error

    def _rows(self, version: int) -> Rows:
        return Rows(self._at(version), self.folder)

    def _at(self, version: int) -> DeltaTable:
        try:
            return DeltaTable(str(self.folder), version=version)
        except DeltaError as error:
            raise LookupError(_missing(version)) from error


def _changes(rows: Rows, known: pa.Table, incoming: Mapping[str, Document]) -> list[Document]:
    """The incoming documents folded over the table's, by id, as far as that changes a row.

    Texts are read only of the rows of which the fold depends on the text: two texts of one revision, or
    news of a retraction that came with an older one.
    """
    before = {
        row["id"]: Standing(row["revision"], Status(row["status"]), row["digest"], tuple(row["notices"]))
        for row in known.select(["id", *NARROW]).to_pylist()
    }
    changed = [document for id, document in incoming.items() if id not in before]
    undecided = set()
    for id, row in before.items():
        successor = succeeds(row, incoming[id])
        if successor is not None:
            changed.append(successor)
        elif not stands(row, incoming[id]):
            undecided.add(id)
    unread = known.filter(pc.is_in(known.column("id"), value_set=pa.array(sorted(undecided), pa.string())))
    for texts in rows.texts(unread):
        for body in texts.column("body").to_pylist():
            current = Document.model_validate_json(body)
            end = newer(current, incoming[current.id])
            changed += [end] if end != current else []
    return sorted(changed, key=lambda document: document.id)


def _tally(table: DeltaTable, folder: Path) -> Tally:
    """From the commit's own file: `DeltaTable.history` starts at the newest commit, whatever version is open."""
    with (folder / "_delta_log" / f"{table.version():020}.json").open(encoding="utf-8") as actions:
        noted = next(
            (action["commitInfo"].get(TALLY) for action in map(json.loads, actions) if "commitInfo" in action), None
        )
    return Tally.counted(Rows(table, folder)) if noted is None else Tally.parsed(noted)


def _properties(tally: Tally, *marks: Transaction) -> CommitProperties:
    # No retries inside: they would commit this fold over rows that it has not seen.
    return CommitProperties(
        custom_metadata={TALLY: tally.text()}, max_commit_retries=0, app_transactions=list(marks) or None
    )


def _among(rows: pa.Table, statuses: Sequence[str]) -> pa.Table:
    allowed = pa.array([str(status) for status in statuses], pa.string())
    return rows.filter(pc.is_in(rows.column("status"), value_set=allowed))


def _batches(rows: Rows) -> Iterator[pa.RecordBatch]:
    for texts in rows.texts(rows.standing(()), SCHEMA.names):
        yield from texts.cast(SCHEMA).to_batches()


def _missing(version: int) -> str:
    return f"the corpus has no version {version}: run build_corpus without `previous`, or restore the table"
