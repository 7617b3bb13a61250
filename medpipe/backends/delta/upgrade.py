"""A table that an earlier medpipe wrote, rewritten with what its records say about each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, write_deltalake

from medpipe.backends.delta.place import Place
from medpipe.backends.delta.rows import BAND, FORMAT, SCHEMA, Rows, rows_of
from medpipe.core.batches import batched
from medpipe.core.corpus.article import article_of
from medpipe.core.corpus.document import Document, Mark
from medpipe.core.corpus.merge import DOI, placeholder, with_marks
from medpipe.core.corpus.standing import marks_of, ordered


def rewritten(table: DeltaTable, place: Place) -> DeltaTable:
    """Return the table with one more version: the same documents, with the columns of today.

    Older versions stay readable. Memory holds the texts of one band, the DOIs, and what the records say about each
    other. Raises CommitFailedError when another writer commits at the same time.
    """
    rows, version = Rows(table, place), table.version() + 1
    about: dict[str, list[Mark]] = defaultdict(list)
    names: dict[str, set[str]] = defaultdict(set)
    for document in _documents(rows):
        for mark in marks_of(document):
            about[mark.about].append(mark)
        names[article_of(document.id)].update(f"{DOI}{doi}" for doi in document.dois)
    marked = _marked(rows, about, names)
    batches = (batch for part in batched(marked, BAND) for batch in rows_of(part, version).to_batches())
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


def _marked(rows: Rows, about: dict[str, list[Mark]], names: Mapping[str, set[str]]) -> Iterator[Document]:
    """Yield every document with its marks, by id, and then those that are only spoken of.

    `names`: article → the other names by which it is spoken of.
    """
    here = set[str]()
    for document in _documents(rows):
        here.add(document.id)
        article = article_of(document.id)
        yield with_marks(document, ordered(mark for name in (article, *names[article]) for mark in about.get(name, ())))
    for id in sorted(about.keys() - here):
        yield placeholder(id, ordered(about[id]))
