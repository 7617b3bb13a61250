"""Which documents a scan of the corpus table is for, and which parts of its files can have them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


class Wanted(NamedTuple):
    """The documents among `ids` (ascending; None: all of them) whose id begins with `prefix`."""

    ids: Sequence[str] | None = None
    prefix: str = ""

    @property
    def everything(self) -> bool:
        """Whether every document is wanted."""
        return self.ids is None and not self.prefix

    def between(self, first: str | None, last: str | None) -> bool:
        """Return whether rows with ids from `first` to `last` (None: unknown) may have a wanted document."""
        if first is None or last is None:
            return self.ids is None or bool(self.ids)
        if not first[: len(self.prefix)] <= self.prefix <= last:
            return False
        if self.ids is None:
            return True
        position = bisect_left(self.ids, first)
        return position < len(self.ids) and self.ids[position] <= last

    def within(self, first: str | None, last: str | None) -> Wanted:
        """Return the same without the ids that rows with ids from `first` to `last` cannot have."""
        if self.ids is None or first is None or last is None:
            return self
        return self._replace(ids=self.ids[bisect_left(self.ids, first) : bisect_right(self.ids, last)])

    def groups(self, file: pq.ParquetFile) -> list[int]:
        """Return the row groups that may have a wanted document, by the statistics of their ids."""
        every = range(file.num_row_groups)
        return list(every) if self.everything else [group for group in every if self.between(*_span(file, group))]

    def among(self, ids: pa.ChunkedArray) -> pa.ChunkedArray:
        """Return for each id whether it is wanted."""
        begins = pc.starts_with(ids, self.prefix)
        return begins if self.ids is None else pc.and_(begins, pc.is_in(ids, value_set=pa.array(self.ids, ids.type)))


def _span(file: pq.ParquetFile, group: int) -> tuple[str | None, str | None]:
    """Return the first and the last id of a row group; None where its writer did not say."""
    column = file.metadata.row_group(group).column(file.schema_arrow.get_field_index("id"))
    statistics = column.statistics if column.path_in_schema == "id" else None
    return (statistics.min, statistics.max) if statistics is not None and statistics.has_min_max else (None, None)
