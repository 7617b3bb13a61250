"""Rows of the corpus table at one version: which of them stand, and the texts of those that are asked for.

Every row is the whole, folded state of a document at a commit, numbered by that commit (`sequence`); of the
rows of one document the highest `sequence` stands. Deciding that takes narrow columns only, a few tens of
bytes a document; texts are fetched by their place in the files, a band of documents at a time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable, Field, Schema, WriterProperties
from deltalake.schema import ArrayType, PrimitiveType
from numpy.typing import NDArray

from medpipe.core.corpus.document import Document
from medpipe.core.corpus.merge import standing
from medpipe.errors import MedpipeError

_KINDS = {
    "id": "string",
    "sequence": "long",
    "revision": "long",
    "status": "string",
    "published": "date",
    "source": "string",
    "language": "string",
    "digest": "string",
    "notices": "strings",
    "title": "string",
    "focus": "string",
    "licence": "string",
    "url": "string",
    "body": "string",
}
_NOTICES = ArrayType(PrimitiveType("string"), contains_null=True)
_ARROW = {"string": pa.string(), "long": pa.int64(), "date": pa.date32(), "strings": pa.list_(pa.string())}
SCHEMA = pa.schema([pa.field(name, _ARROW[kind]) for name, kind in _KINDS.items()])
DELTA_SCHEMA = Schema(
    [
        Field(name, _NOTICES if kind == "strings" else PrimitiveType(kind), nullable=False)
        for name, kind in _KINDS.items()
    ]
)
NARROW = ("revision", "status", "published", "digest", "notices")
"""What a merge must know of the rows that stand."""

FORMAT = WriterProperties(compression="ZSTD", max_row_group_size=2048)
"""Small row groups: one document's text can be fetched without reading thousands of others."""

BAND = 8192
"""Documents of which the texts are held in memory at once."""

SMALL_FILE, JOINED_FILE = 1_000_000, 8_000_000
"""Bytes: many files below the first are worth joining, up to the second. A day's file is larger and left alone."""


def rows_of(documents: Sequence[Document], sequence: int) -> pa.Table:
    """One row a document; `documents` come by id, so that statistics of files and row groups mean something."""
    made = {
        "sequence": [sequence] * len(documents),
        "status": [one.status.value for one in documents],
        "notices": [standing(one).notices for one in documents],
        "body": [one.model_dump_json() for one in documents],
    }
    return pa.table(
        {
            name: pa.array(made[name] if name in made else [getattr(one, name) for one in documents], _ARROW[kind])
            for name, kind in _KINDS.items()
        }
    )


class Rows:
    """The rows of one version of the table in `folder`."""

    def __init__(self, table: DeltaTable, folder: Path) -> None:
        """Raises MedpipeError for a table that is no corpus, or has the layout of an earlier medpipe."""
        if missing := set(SCHEMA.names) - {field.name for field in table.schema().fields}:
            raise MedpipeError(
                f"the table in {folder} has no column {', '.join(sorted(missing))}: it was not made by "
                "this medpipe. Move MEDPIPE_HOME away and build the corpus again from its sources"
            )
        files = pa.table(table.get_add_actions(flatten=True)).to_pydict()
        self._files = [folder / unquote(path) for path in files["path"]]
        unknown: list[Any] = [None] * len(self._files)
        self._spans = list(zip(files.get("min.id", unknown), files.get("max.id", unknown), strict=True))
        self.count = sum(files.get("num_records", ()))
        self.small_files = sum(size < SMALL_FILE for size in files["size_bytes"])

    def standing(self, columns: Sequence[str], ids: Collection[str] | None = None) -> pa.Table:
        """The rows that stand, by id, with the columns, of all documents or of those among `ids`.

        The columns `file` and `row` say where each is, for `texts`.
        """
        wanted = None if ids is None else sorted(ids)
        parts = [self._scan(number, columns, wanted) for number in range(len(self._files))]
        schema = pa.schema(
            [
                SCHEMA.field("id"),
                SCHEMA.field("sequence"),
                *map(SCHEMA.field, columns),
                pa.field("file", pa.int64()),
                pa.field("row", pa.int64()),
            ]
        )
        rows = pa.concat_tables(
            [schema.empty_table(), *(part for part in parts if part is not None)], promote_options="permissive"
        ).cast(schema)
        order = pc.sort_indices(rows, sort_keys=[("id", "ascending"), ("sequence", "ascending")])
        ids_in_order = rows.column("id").take(order)
        if not len(order):
            return rows
        last = pa.concat_arrays([*pc.not_equal(ids_in_order[:-1], ids_in_order[1:]).chunks, pa.array([True])])
        return rows.take(order.filter(last))

    def texts(self, standing: pa.Table, columns: Sequence[str] = ("body",)) -> Iterator[pa.Table]:
        """Columns of the rows that `standing` names, in its order, a band of documents at a time."""
        for start in range(0, standing.num_rows, BAND):
            band = standing.slice(start, BAND)
            files, rows = (band.column(name).to_numpy() for name in ("file", "row"))
            # Stable, and files are sorted by id: row groups are read in their own order.
            order = np.lexsort((rows, files))
            parts = [
                self._rows(int(number), rows[order][files[order] == number], columns) for number in np.unique(files)
            ]
            # Permissive: other writers declare other nullability and other kinds of string.
            yield pa.concat_tables(parts, promote_options="permissive").take(pa.array(np.argsort(order, kind="stable")))

    def _scan(self, number: int, columns: Sequence[str], wanted: Sequence[str] | None) -> pa.Table | None:
        """The asked rows of one file, superseded ones too; None where statistics or ids say that there are none."""
        if wanted is not None and not _meets(wanted, *self._spans[number]):
            return None
        file = pq.ParquetFile(self._files[number])
        ids = file.read(columns=["id"]).column("id")
        rows = pa.array(np.arange(len(ids)))
        if wanted is not None:
            rows = rows.filter(pc.is_in(ids, value_set=pa.array(wanted, ids.type)).combine_chunks())
            if not len(rows):
                return None
        found = file.read(columns=["sequence", *columns]).add_column(0, "id", ids)
        found = found if wanted is None else found.take(rows)
        return found.append_column("file", pa.array(np.full(len(rows), number))).append_column("row", rows)

    def _rows(self, number: int, rows: NDArray[np.int64], columns: Sequence[str]) -> pa.Table:
        """Some rows of one file, in ascending order: only the row groups that hold them are read."""
        file = pq.ParquetFile(self._files[number])
        sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
        starts = np.cumsum([0, *sizes])
        groups = np.searchsorted(starts, rows, side="right") - 1
        needed = np.unique(groups)
        offsets = np.zeros(len(sizes), np.int64)
        offsets[needed] = np.cumsum([0, *(sizes[group] for group in needed[:-1])])
        read = file.read_row_groups(needed.tolist(), columns=list(columns))
        return read.take(pa.array(rows - starts[groups] + offsets[groups]))


def _meets(wanted: Sequence[str], first: str | None, last: str | None) -> bool:
    """Whether any of the ids (in order) may be in a file whose smallest and largest ids these are (None: unknown)."""
    if first is None or last is None:
        return bool(wanted)
    at = bisect_left(wanted, first)
    return at < len(wanted) and wanted[at] <= last
