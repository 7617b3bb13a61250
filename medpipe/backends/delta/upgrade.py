"""A table that an earlier medpipe wrote, rewritten with what its records say about each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, write_deltalake

from medpipe.backends.delta.place import Place
from medpipe.backends.delta.rows import BAND, FORMAT, SCHEMA, Rows, rows_of
from medpipe.core.corpus.document import Document, Mark
from medpipe.core.corpus.merge import placeholder, with_marks
from medpipe.core.corpus.standing import marks_of, ordered


def rewritten(table: DeltaTable, place: Place) -> DeltaTable:
    """Return the table with one more version: the same documents, with the columns of today.

    Older versions stay readable. Memory holds the texts of one band, and what the records say about each other.
    Raises CommitFailedError when another writer commits at the same time.
    """
    rows, version = Rows(table, place), table.version() + 1
    about: dict[str, list[Mark]] = defaultdict(list)
    for document in _documents(rows):
        for mark in marks_of(document):
            about[mark.about].append(mark)
    marked = _marked(rows, about)
    parts = iter(lambda: list(islice(marked, BAND)), [])
    batches = (batch for part in parts for batch in rows_of(part, version).to_batches())
    write_deltalake(
        table,
        pa.RecordBatchReader.from_batches(SCHEMA, batches),
        mode="overwrite",
        schema_mode="overwrite",
        writer_properties=FORMAT,
        commit_properties=CommitProperties(max_commit_retries=0),
    )
    return place.table()


def _documents(rows: Rows) -> Iterator[Document]:
    for texts in rows.texts(rows.standing(())):
        yield from map(Document.model_validate_json, texts.column("body").to_pylist())


def _marked(rows: Rows, about: dict[str, list[Mark]]) -> Iterator[Document]:
    """Yield every document with its marks, by id, and then those that are only spoken of."""
    here = set[str]()
    for document in _documents(rows):
        here.add(document.id)
        yield with_marks(document, ordered(about.get(document.id, ())))
    for id in sorted(about.keys() - here):
        yield placeholder(id, ordered(about[id]))
