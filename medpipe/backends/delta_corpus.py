"""The corpus as a Delta Lake table: one row a document, every version readable for good.

Any reader of Delta (DuckDB, Polars, Spark) sees the same rows; `body` holds the whole Document as JSON.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, Field, Schema, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.schema import PrimitiveType

from medpipe.core.document import Document
from medpipe.core.merge import newer

TOKEN = "medpipe.token"
"""The key of a commit's custom metadata that names the merge which made it."""

_COLUMNS = {"id": "string", "revision": "long", "source": "string", "title": "string", "focus": "string",
            "language": "string", "status": "string", "published": "date", "licence": "string",
            "url": "string", "digest": "string", "body": "string"}
_ARROW = {"string": pa.string(), "long": pa.int64(), "date": pa.date32()}
_SCHEMA = pa.schema([(name, _ARROW[kind]) for name, kind in _COLUMNS.items()])
_KEEP = {"delta.logRetentionDuration": "interval 36500 days", "delta.enableExpiredLogCleanup": "false",
         "delta.deletedFileRetentionDuration": "interval 36500 days"}
"""Old versions are what champions were trained on: never clean them up."""

_ATTEMPTS = 50


class DeltaCorpus:
    """`medpipe.ports.CorpusTable` in a folder (or anything that `deltalake` can address)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def merge(self, documents: Iterable[Document], previous: int | None, token: str) -> int:
        """Fold revisions into the newest version and return the version that this made.

        Two writers at once both succeed: the slower one folds again over what the faster one wrote.
        Raises LookupError when `previous` is not a version of this table, RuntimeError after 50 lost races.
        """
        incoming: dict[str, Document] = {}
        for document in documents:
            incoming[document.id] = newer(incoming.get(document.id), document)
        for attempt in range(_ATTEMPTS):
            table = self._table(previous)
            made = _version_of(table, token)
            if made is not None:
                return made
            try:
                return self._commit(table, incoming, token)
            except CommitFailedError:
                time.sleep(random.uniform(0, 0.02 * (attempt + 1)))
        raise RuntimeError(f"another writer changed the corpus first, {_ATTEMPTS} times: run build_corpus again")

    def read(self, version: int, statuses: Sequence[str] = ("current",)) -> Iterator[Document]:
        """A version's documents with one of the statuses, by id; raises LookupError for no such version."""
        for _, body in sorted(_bodies(self._at(version), "status", (str(status) for status in statuses))):
            yield Document.model_validate_json(body)

    def _table(self, previous: int | None) -> DeltaTable:
        """The newest version, made empty when there is none; `previous` must be one of its versions."""
        try:
            table = DeltaTable(str(self.folder))
        except TableNotFoundError:
            if previous is not None:
                raise LookupError(_missing(previous)) from None
            self.folder.mkdir(parents=True, exist_ok=True)
            return self._created()
        if previous is not None and previous > table.version():
            raise LookupError(_missing(previous))
        return table

    def _created(self) -> DeltaTable:
        schema = Schema([Field(name, PrimitiveType(kind), nullable=False) for name, kind in _COLUMNS.items()])
        try:
            return DeltaTable.create(str(self.folder), schema=schema, configuration=_KEEP, name="corpus",
                                     description="The newest revision of every document, by id")
        except DeltaError:  # another writer made it in the meantime
            return DeltaTable(str(self.folder))

    def _commit(self, table: DeltaTable, incoming: dict[str, Document], token: str) -> int:
        """One commit on exactly the version that was read; raises CommitFailedError if it is not the last."""
        expected = table.version() + 1
        rows = _rows(_changes(table, incoming))
        # No retries inside: they would commit this fold over rows that it has not seen.
        marked = CommitProperties(custom_metadata={TOKEN: token}, max_commit_retries=0)
        if rows.num_rows:
            (table.merge(rows, predicate="old.id = new.id", source_alias="new", target_alias="old",
                         commit_properties=marked)
             .when_matched_update_all().when_not_matched_insert_all().execute())
        else:  # MERGE writes nothing where nothing changes, but the token must be found again
            write_deltalake(table, rows, mode="append", commit_properties=marked)
        if _version_of(DeltaTable(str(self.folder), version=expected), token) != expected:
            raise RuntimeError(f"corpus version {expected} was not made by this merge: the table is damaged")
        return expected

    def _at(self, version: int) -> DeltaTable:
        try:
            return DeltaTable(str(self.folder), version=version)
        except DeltaError as error:
            raise LookupError(_missing(version)) from error


def _changes(table: DeltaTable, incoming: dict[str, Document]) -> list[Document]:
    """The incoming documents folded over the table's, as far as that changes a row."""
    current = {id: Document.model_validate_json(body) for id, body in _bodies(table, "id", incoming)}
    folded = [newer(current.get(id), document) for id, document in sorted(incoming.items())]
    return [document for document in folded if document != current.get(document.id)]


def _bodies(table: DeltaTable, column: str, values: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(id, body) of the rows whose `column` has one of the values.

    The filter runs on each batch: pushed down, it meets deltalake's string_view bounds, which pyarrow
    cannot compare with strings.
    """
    allowed = pa.array(sorted(values), pa.string())
    columns = sorted({"id", "body", column})
    for batch in table.to_pyarrow_dataset().scanner(columns=columns).to_batches():
        plain = {name: batch.column(name).cast(pa.string()) for name in columns}
        chosen = pc.is_in(plain[column], value_set=allowed)
        ids, bodies = (plain[name].filter(chosen).to_pylist() for name in ("id", "body"))
        yield from zip(ids, bodies, strict=True)


def _rows(documents: list[Document]) -> pa.Table:
    return pa.Table.from_pylist([_row(document) for document in documents], schema=_SCHEMA)


def _row(document: Document) -> dict[str, Any]:
    plain = {name: getattr(document, name) for name in _COLUMNS if name != "body"}
    return plain | {"status": document.status.value, "body": document.model_dump_json()}


def _version_of(table: DeltaTable, token: str) -> int | None:
    """The version up to this one that a token made; a merge that ran twice must be found, not repeated."""
    return next((int(commit["version"]) for commit in table.history() if commit.get(TOKEN) == token), None)


def _missing(version: int) -> str:
    return f"the corpus has no version {version}: run build_corpus without `previous`, or restore the table"
