"""What a fold asks of the stored rows of one version (`core.corpus.merge.Known`), and what it was told."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from medpipe.backends.delta.rows import NARROW, Rows, marks_in
from medpipe.core.corpus.document import Document, Status
from medpipe.core.corpus.merge import Row


class KnownRows:
    """Implements `Known` over a version of the table. Texts are read of the documents that are asked for whole."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._by_id: dict[str, Row | None] = {}
        self.seen: pa.Table = rows.standing(NARROW, ())
        """Every row that was asked for, once, with its narrow columns."""

    def rows(self, ids: Collection[str]) -> Mapping[str, Row]:
        """Return the rows of those of the ids that are stored."""
        if unseen := set(ids) - self._by_id.keys():
            found = self._rows.standing(NARROW, unseen)
            self.seen = pa.concat_tables([self.seen, found])
            self._by_id |= dict.fromkeys(unseen)
            self._by_id |= zip(found.column("id").to_pylist(), _rows_in(found), strict=True)
        return {id: row for id in ids if (row := self._by_id[id]) is not None}

    def documents(self, ids: Collection[str]) -> Iterator[Document]:
        """Yield stored documents that `rows` was asked for, whole."""
        wanted = self.seen.filter(pc.is_in(self.seen.column("id"), value_set=pa.array(sorted(ids), pa.string())))
        for texts in self._rows.texts(wanted):
            yield from map(Document.model_validate_json, texts.column("body").to_pylist())

    def holders(self, dois: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Return document id → DOIs, of the stored documents with any of the DOIs. Reads that column of every row."""
        stored = self._rows.standing(("dois",))
        flat, parents = pc.list_flatten(stored.column("dois")), pc.list_parent_indices(stored.column("dois"))
        wanted = pc.is_in(flat, value_set=pa.array(sorted(dois), pa.string()))
        holding = stored.take(pc.unique(parents.filter(wanted)))
        return {row["id"]: tuple(row["dois"]) for row in holding.select(["id", "dois"]).to_pylist()}


def _rows_in(table: pa.Table) -> Iterator[Row]:
    revisions, said, digests, postings = (
        table.column(name).to_pylist() for name in ("revision", "said", "digest", "posting")
    )
    links, marks, dois = (_lists(table.column(name)) for name in ("links", "marks", "dois"))
    for number, revision in enumerate(revisions):
        yield Row(
            revision,
            Status(said[number]),
            digests[number],
            marks_in(links.get(number, ())),
            marks_in(marks.get(number, ())),
            postings[number],
            tuple(dois.get(number, ())),
        )


def _lists(column: pa.ChunkedArray) -> dict[int, list[str]]:
    """Return the lists of a column that are not empty, by row: most are, and making Python lists of them takes long."""
    whole = column.combine_chunks()  # a column without chunks crashes indices_nonzero
    filled = pc.indices_nonzero(pc.list_value_length(whole))
    return dict(zip(filled.to_pylist(), whole.take(filled).to_pylist(), strict=True))
