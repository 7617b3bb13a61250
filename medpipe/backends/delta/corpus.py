"""The corpus as a Delta Lake table that only grows: the cost of a merge depends on the pull, not on the corpus.

A merge appends the new state of the documents that changed, and of no others (see `medpipe.backends.delta.rows`). Any
reader of Delta (DuckDB, Polars, Spark) gets the corpus by taking the row with the highest `sequence` of each `id`;
docs/reading-the-corpus.md shows how. The column `body` has the whole Document as JSON. Every version stays readable.

Format: https://github.com/delta-io/delta/blob/master/PROTOCOL.md
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from medpipe.backends.delta import collector, commits, pruning, tables, upgrade
from medpipe.backends.delta.known_rows import KnownRows
from medpipe.backends.delta.place import Place
from medpipe.backends.delta.rows import AWAITED, FORMAT, JOINED_FILE, SCHEMA, Rows, rows_of
from medpipe.core.corpus import contents
from medpipe.core.corpus.document import Document
from medpipe.core.corpus.merge import folded, newer
from medpipe.errors import Unavailable
from medpipe.ports import Counts, Pruned

_ATTEMPTS = 50
"""How often a merge is folded again after another writer was faster."""

_JITTER_SECONDS = 0.02
"""Longest wait after the first lost race; it grows by as much with each race."""


class DeltaCorpus:
    """Implements `ports.CorpusTable` in a folder, or in an object store."""

    many_small_files = 256
    """`compact` joins files below a megabyte when there are more of them than this."""
    unpruned_hours = 48
    """`prune` leaves what was written or superseded less long ago to writers and readers at work."""

    def __init__(self, at: Path | str) -> None:
        """`at`: a folder, or an address such as `s3://bucket/prefix`."""
        self.place = Place(at)

    @collector.paused()
    def merge(self, documents: Iterable[Document], previous: int | None, token: str) -> int:
        """Fold revisions into the newest version, and return the new version.

        Memory holds the incoming documents, and the narrow columns of their rows in the table. Two writers at the
        same time both succeed: the slower one folds again over the faster one's commit.

        Raises NotFound when `previous` is not a version of this table, MedpipeError on a full disk (the table is
        unchanged), and Unavailable after 50 lost races.
        """
        incoming: dict[str, Document] = {}
        for document in documents:
            incoming[document.id] = newer(incoming.get(document.id), document)
        attempts = Retrying(
            retry=retry_if_exception_type(CommitFailedError),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=_jitter,
            reraise=True,
        )
        try:
            return attempts(self._merge_once, incoming, previous, token)
        except CommitFailedError as error:
            raise Unavailable(
                f"another writer changed the corpus first, {_ATTEMPTS} times: nothing was changed. "
                "Run build_corpus again"
            ) from error

    def read(
        self, version: int, statuses: Sequence[str] = ("current",), ids: Collection[str] | None = None
    ) -> Iterator[Document]:
        """Yield a version's documents with one of the statuses, or those of them among `ids`, by id. Raises NotFound.

        Memory holds the texts of about 8,000 documents, and a few tens of bytes for every document.
        """
        rows = self._rows(version)
        for texts in rows.texts(_with_status(rows.standing(("status",), ids), statuses)):
            for body in texts.column("body").to_pylist():
                yield Document.model_validate_json(body)

    def digests(self, version: int, statuses: Sequence[str] = ("current",)) -> Mapping[str, str]:
        """Return id → content digest of a version's documents, without reading texts. Raises NotFound."""
        rows = _with_status(self._rows(version).standing(("status", "digest")), statuses)
        return dict(zip(*(rows.column(name).to_pylist() for name in ("id", "digest")), strict=True))

    def revisions(
        self,
        version: int,
        statuses: Sequence[str] = ("current",),
        ids: Collection[str] | None = None,
        prefix: str = "",
    ) -> Mapping[str, int]:
        """Return id → revision, of those among `ids` or that begin with `prefix`, without texts. Raises NotFound."""
        rows = _with_status(self._rows(version).standing(("status", "revision"), ids, prefix), statuses)
        return dict(zip(*(rows.column(name).to_pylist() for name in ("id", "revision")), strict=True))

    def counts(self, version: int) -> Counts:
        """Return the counts that the commit recorded; the rows are counted where another tool made the commit.

        Raises NotFound without that version.
        """
        return commits.tally(self._at(version), self.place).counts

    def content(self, version: int) -> str:
        """Return the digest that the commit recorded; it is computed where another tool made the commit."""
        return commits.content(self._at(version), self.place)

    def reread(self, version: int) -> str:
        """Return the digest of the documents, read whole: an edited text gives another one. Raises NotFound."""
        rows = self._rows(version)
        documents = (
            Document.model_validate_json(body)
            for texts in rows.texts(_without_awaited(rows.standing(("status",))))
            for body in texts.column("body").to_pylist()
        )
        return contents.of((document.id, document.revision, document.digest) for document in documents)

    def holding(self, content: str, expected: int) -> int | None:
        """Return `expected` if that version has the content, else the newest that has it; None without one."""
        if not self.place.is_table():
            return None
        newest = self.place.table().version()
        if expected <= newest and commits.content(self._at(expected), self.place) == content:
            return expected
        older = range(newest, 0, -1)
        return next((at for at in older if commits.recorded(self.place, at, commits.CONTENT) == content), None)

    def compact(self, version: int) -> int:
        """Return a version with the same documents that is cheaper to read, or `version` itself where none is.

        Superseded rows are left out once they outnumber the others, so that each row is rewritten about as often as
        it is written. Small files are joined once there are more than `many_small_files`. Memory does not grow with
        the corpus, and every older version stays readable. Nothing is done when `version` is not the newest one, or
        when another writer commits at the same time. Raises NotFound without that version.
        """
        table = self._at(version)
        if self.place.table().version() != version:
            return version
        rows = Rows(table, self.place)
        tally = commits.tally(table, self.place)
        if rows.old:
            return version
        superseding = rows.count > 2 * tally.rows
        if not superseding and rows.small_files <= self.many_small_files:
            return version
        properties = commits.properties(tally, commits.content(table, self.place))
        try:
            with tables.room(self.place):
                if superseding:
                    standing = pa.RecordBatchReader.from_batches(SCHEMA, _batches(rows))
                    write_deltalake(
                        table, standing, mode="overwrite", writer_properties=FORMAT, commit_properties=properties
                    )
                else:
                    table.optimize.compact(
                        target_size=JOINED_FILE, writer_properties=FORMAT, commit_properties=properties
                    )
        except CommitFailedError:
            return version
        return version + 1

    def prune(self, keep: Collection[int], apply: bool) -> Pruned:
        """Remove what only old versions have, as `ports.CorpusTable` says, or count it. Two commits record it.

        Raises Unavailable when other writers win every attempt.
        """
        if not self.place.is_table():
            return Pruned(0, 0)
        table = self.place.table()
        properties = commits.properties(commits.tally(table, self.place), commits.content(table, self.place))
        try:
            with self.place.plain_errors():
                return pruning.prune(
                    table, self.place.files(), keep, self.unpruned_hours, properties if apply else None
                )
        except CommitFailedError as error:
            raise Unavailable("another writer changed the corpus: run gc again; its files stay until then") from error

    def _merge_once(self, incoming: Mapping[str, Document], previous: int | None, token: str) -> int:
        """Return the version that `token` made before or makes now. Raises CommitFailedError on a lost race."""
        table = tables.newest(self.place, previous)
        version = table.transaction_version(token)
        if version is not None:
            return int(version)
        rows = Rows(table, self.place)
        if rows.old:
            with tables.room(self.place):
                table = upgrade.rewritten(table, self.place)
            rows = Rows(table, self.place)
        return self._append(table, rows, incoming, token)

    def _append(self, table: DeltaTable, rows: Rows, incoming: Mapping[str, Document], token: str) -> int:
        """Commit on exactly the version that was read. Raises CommitFailedError when it is no longer the newest."""
        version = table.version() + 1
        known = KnownRows(rows)
        added = rows_of(folded(known, incoming.values()), version)
        tally = commits.tally(table, self.place).after(known.seen, added, rows)
        content = commits.content_after(commits.content(table, self.place), known.seen, added)
        with tables.room(self.place):
            write_deltalake(
                table,
                added,
                mode="append",
                writer_properties=FORMAT,
                commit_properties=commits.properties(tally, content, Transaction(token, version)),
            )
        return version

    def _rows(self, version: int) -> Rows:
        return Rows(self._at(version), self.place)

    def _at(self, version: int) -> DeltaTable:
        return tables.at(self.place, version)


def _with_status(rows: pa.Table, statuses: Sequence[str]) -> pa.Table:
    allowed = pa.array([str(status) for status in statuses], pa.string())
    return rows.filter(pc.is_in(rows.column("status"), value_set=allowed))


def _without_awaited(rows: pa.Table) -> pa.Table:
    return rows.filter(pc.not_equal(rows.column("status"), AWAITED))


def _batches(rows: Rows) -> Iterator[pa.RecordBatch]:
    for texts in rows.texts(rows.standing(()), SCHEMA.names):
        yield from texts.cast(SCHEMA).to_batches()


def _jitter(state: RetryCallState) -> float:
    """Return seconds to wait after a lost race: random, so that two writers do not meet again."""
    return random.uniform(0, _JITTER_SECONDS * state.attempt_number)
