"""Rows of the corpus table at one version: the standing row of each document, and its text on request.

Each row is the whole state of a document after a commit, and `sequence` is the number of that commit. The row with the
highest `sequence` of a document is its standing row. Finding the standing rows takes narrow columns only, a few tens of
bytes a document. Texts are then read by their place in the files, one band of documents at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable, Field, Schema, WriterProperties
from deltalake.schema import ArrayType, PrimitiveType
from numpy.typing import NDArray

from medpipe.backends.delta.place import Place
from medpipe.backends.delta.wanted import Wanted
from medpipe.core.corpus.document import Document, Mark
from medpipe.core.corpus.merge import awaited
from medpipe.core.corpus.standing import marks_of, standing
from medpipe.errors import Damaged, NotFound

_KINDS = {
    "id": "string",
    "sequence": "long",
    "revision": "long",
    "status": "string",
    "published": "date",
    "source": "string",
    "language": "string",
    "digest": "string",
    "said": "string",
    "links": "strings",
    "marks": "strings",
    "dois": "strings",
    "posting": "string",
    "title": "string",
    "focus": "string",
    "licence": "string",
    "url": "string",
    "body": "string",
}
_STRINGS = ArrayType(PrimitiveType("string"), contains_null=False)
_ARROW = {"string": pa.string(), "long": pa.int64(), "date": pa.date32(), "strings": pa.list_(pa.string())}
SCHEMA = pa.schema([pa.field(name, _ARROW[kind]) for name, kind in _KINDS.items()])
DELTA_SCHEMA = Schema(
    [
        Field(name, _STRINGS if kind == "strings" else PrimitiveType(kind), nullable=False)
        for name, kind in _KINDS.items()
    ]
)
NARROW = ("revision", "status", "published", "digest", "said", "links", "marks", "dois", "posting")
"""Columns of standing rows that a merge needs."""

ADDED = frozenset({"said", "links", "marks", "dois", "posting"})
"""Columns that a table lacks if an earlier medpipe wrote it. It is read as it is, and rewritten by the next merge."""

AWAITED = "awaited"
"""The `status` of a row about a document that has not come yet: nothing reads or counts it."""
_STANDING = {"concern": "on hold"}
"""What an earlier medpipe wrote as `status`, and what it is now."""

FORMAT = WriterProperties(compression="ZSTD", max_row_group_size=2048)
"""Small row groups, so that a text can be read without reading thousands of others."""

BAND = 8192
"""Number of documents whose texts are in memory at the same time."""

SMALL_FILE, JOINED_FILE = 1_000_000, 8_000_000
"""Bytes. Files below the first are joined to files of the second size; a day of PubMed is larger and left alone."""
_PRUNED = (
    "files of version {} of the corpus table are gone. `medpipe gc` removes those of corpora that nothing needs any "
    "more: use a newer corpus. If something needs this one, put back a copy of the table"
)


def rows_of(documents: Sequence[Document], sequence: int) -> pa.Table:
    """Return one row per document. `documents` must be sorted by id: that makes statistics of row groups selective."""
    derived = {
        "sequence": [sequence] * len(documents),
        "status": [*map(status_of, documents)],
        "said": [document.status.value for document in documents],
        "links": [[mark.model_dump_json() for mark in marks_of(document)] for document in documents],
        "marks": [[mark.model_dump_json() for mark in document.marks] for document in documents],
        "body": [document.model_dump_json() for document in documents],
    }
    columns = {
        name: derived[name] if name in derived else [getattr(document, name) for document in documents]
        for name in _KINDS
    }
    return pa.table({name: pa.array(values, _ARROW[_KINDS[name]]) for name, values in columns.items()})


def status_of(document: Document) -> str:
    """Return what the row of a document has as `status`."""
    return AWAITED if awaited(document) else standing(document).status.value


def marks_in(texts: Sequence[str]) -> tuple[Mark, ...]:
    """Return the marks of a row's column `links` or `marks`."""
    return tuple(map(Mark.model_validate_json, texts))


Part = TypeVar("Part")


class Rows:
    """The rows of the table at one version."""

    def __init__(self, table: DeltaTable, place: Place) -> None:
        """List the version's files. Raises Damaged for a table with other columns, as an earlier medpipe wrote it."""
        missing = set(SCHEMA.names) - {field.name for field in table.schema().fields}
        self.version = table.version()
        self.old = bool(missing & ADDED)
        """Whether an earlier medpipe wrote the table."""
        if missing := missing - ADDED:
            raise Damaged(
                f"the table in {place.address} has no column {', '.join(sorted(missing))}: it was not written by "
                "this version of medpipe. Move MEDPIPE_HOME away and build the corpus again from its sources"
            )
        files = pa.table(table.get_add_actions(flatten=True)).to_pydict()
        self._place = place
        self._paths = [unquote(path) for path in files["path"]]
        self._files = place.files(dict(zip(self._paths, files["size_bytes"], strict=True)))
        self._footers: dict[int, pq.FileMetaData] = {}
        unknown: list[Any] = [None] * len(self._paths)
        self._spans = list(zip(files.get("min.id", unknown), files.get("max.id", unknown), strict=True))
        self.count = sum(files.get("num_records", ()))
        self.small_files = sum(size < SMALL_FILE for size in files["size_bytes"])

    def standing(self, columns: Sequence[str], ids: Collection[str] | None = None, prefix: str = "") -> pa.Table:
        """Return the standing rows by id: of every document, or of those among `ids` and with this `prefix`.

        The table has the columns `id`, `sequence`, those asked for in `columns`, and `file` and `row`, which `texts`
        reads. Only row groups that can have such documents are read.
        """
        wanted = Wanted(None if ids is None else sorted(ids), prefix)
        numbers = [number for number, span in enumerate(self._spans) if wanted.between(*span)]
        parts = self._together(lambda number: self._scan(number, columns, wanted.within(*self._spans[number])), numbers)
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
        return _renamed(rows.take(order.filter(last)))

    def texts(self, standing: pa.Table, columns: Sequence[str] = ("body",)) -> Iterator[pa.Table]:
        """Yield columns of the rows that `standing` lists, in its order, one band of documents at a time."""
        for start in range(0, standing.num_rows, BAND):
            band = standing.slice(start, BAND)
            files, rows = (band.column(name).to_numpy() for name in ("file", "row"))
            # Files are sorted by id, so this order reads each file's row groups from first to last.
            order = np.lexsort((rows, files))
            here = {int(number): rows[order][files[order] == number] for number in np.unique(files)}
            parts = self._together(partial(self._rows, here, columns), here)
            # Permissive: other writers declare other nullability and other string types.
            yield pa.concat_tables(parts, promote_options="permissive").take(pa.array(np.argsort(order, kind="stable")))

    def _scan(self, number: int, columns: Sequence[str], wanted: Wanted) -> pa.Table | None:
        """Return the wanted rows of one file, superseded ones too; None where it has none."""
        file = self._open(number)
        if not (groups := wanted.groups(file)):
            return None
        starts = _starts(file)
        ids = file.read_row_groups(groups, columns=["id"]).column("id").cast(pa.string())
        rows = pa.array(np.concatenate([np.arange(starts[group], starts[group + 1]) for group in groups]))
        chosen = None if wanted.everything else wanted.among(ids).combine_chunks()
        if chosen is not None and not pc.any(chosen).as_py():
            return None
        table = file.read_row_groups(groups, columns=["sequence", *columns]).add_column(0, "id", ids)
        table = table.append_column("file", pa.array(np.full(len(rows), number))).append_column("row", rows)
        return table if chosen is None else table.filter(chosen)

    def _rows(self, wanted: Mapping[int, NDArray[np.int64]], columns: Sequence[str], number: int) -> pa.Table:
        """Return some rows of one file. `wanted`: file → rows, ascending; only their row groups are read."""
        file, rows = self._open(number), wanted[number]
        starts = _starts(file)
        sizes = np.diff(starts)
        groups = np.searchsorted(starts, rows, side="right") - 1
        needed = np.unique(groups)
        offsets = np.zeros(len(sizes), np.int64)
        offsets[needed] = np.cumsum([0, *(sizes[group] for group in needed[:-1])])
        read = file.read_row_groups(needed.tolist(), columns=list(columns))
        return read.take(pa.array(rows - starts[groups] + offsets[groups]))

    def _together(self, read: Callable[[int], Part], numbers: Iterable[int]) -> list[Part]:
        """Return what `read` returns for each file; as many files are read at once as the place has readers for."""
        with self._place.plain_errors():
            if self._place.readers == 1:
                return [*map(read, numbers)]
            with ThreadPoolExecutor(self._place.readers) as pool:
                return [*pool.map(read, numbers)]

    def _open(self, number: int) -> pq.ParquetFile:
        """Open a file. Its footer is read once. Raises NotFound where it is gone."""
        far = self._place.readers > 1
        try:
            file = pq.ParquetFile(
                self._paths[number], filesystem=self._files, metadata=self._footers.get(number), pre_buffer=far
            )
        except FileNotFoundError:
            raise NotFound(_PRUNED.format(self.version)) from None
        self._footers[number] = file.metadata
        return file


def _renamed(rows: pa.Table) -> pa.Table:
    """Return rows with the statuses of today."""
    if "status" not in rows.column_names:
        return rows
    place, status = rows.schema.get_field_index("status"), rows.column("status")
    for before, now in _STANDING.items():
        status = pc.if_else(pc.equal(status, before), now, status)
    return rows.set_column(place, rows.schema.field(place), status)


def _starts(file: pq.ParquetFile) -> NDArray[np.int64]:
    """Return the number of the first row of each row group, and of all rows."""
    return np.cumsum([0, *(file.metadata.row_group(group).num_rows for group in range(file.num_row_groups))])
