"""Arrays of numbers that wait on disk: appended once, then taken by row, so that memory holds only what is compared.

They lie in a file without a name, as the rows of `core.spool` do.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from medpipe.core.word_hashes import Positions

_GAP = 1 << 14
"""Bytes between two rows that are read and left aside rather than skipped."""
_PART = 1 << 23
"""Bytes that are read at once, except for one longer row."""


class Spilled:
    """Rows of numbers of one type, of any lengths. Memory holds 8 bytes a row."""

    def __init__(self, kind: DTypeLike, folder: Path | None = None) -> None:
        """Make an empty file in `folder` (None: the system's)."""
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (closed with the object)
        self._kind = np.dtype(kind)
        self._lengths: list[Positions] = []
        self.starts: Positions = np.zeros(1, np.int64)
        """Where each row begins, and where the last one ends."""

    def extend(self, values: NDArray[Any], lengths: Positions) -> None:
        """Append rows of these lengths, which lie in `values` one after the other."""
        self._file.write(np.ascontiguousarray(values, self._kind).data)
        self._lengths.append(lengths)

    def ended(self) -> None:
        """Say that there are no more rows: now they can be taken."""
        self._file.flush()
        self.starts = np.concatenate([self.starts, *self._lengths])
        np.cumsum(self.starts, out=self.starts)
        self._lengths.clear()

    def taken(self, rows: Positions) -> tuple[NDArray[Any], Positions]:
        """Return the values of some rows in ascending order, one row after the other, and the rows' lengths."""
        lengths = self.starts[rows + 1] - self.starts[rows]
        values = np.empty(int(lengths.sum()), self._kind)
        done = 0
        for first, last in self._runs(rows):
            begin, end = int(self.starts[rows[first]]), int(self.starts[rows[last] + 1])
            read = np.frombuffer(self._read(begin, end), self._kind)
            here = lengths[first : last + 1]
            ends = np.cumsum(here)
            places = np.arange(ends[-1]) + np.repeat(self.starts[rows[first : last + 1]] - begin - (ends - here), here)
            values[done : done + len(places)] = read[places]
            done += len(places)
        return values, lengths

    def _read(self, begin: int, end: int) -> bytes:
        size = self._kind.itemsize
        return os.pread(self._file.fileno(), (end - begin) * size, begin * size)

    def _runs(self, rows: Positions) -> Iterator[tuple[int, int]]:
        """Yield the first and last place of rows that are read together."""
        if not len(rows):
            return
        size = self._kind.itemsize
        begins, ends = self.starts[rows] * size, self.starts[rows + 1] * size
        apart = np.flatnonzero(begins[1:] - ends[:-1] > _GAP).tolist()
        for first, last in zip([0, *(place + 1 for place in apart)], [*apart, len(rows) - 1], strict=True):
            while first <= last:
                until = int(np.searchsorted(ends[first : last + 1], begins[first] + _PART, "right")) + first - 1
                until = max(first, min(until, last))
                yield first, until
                first = until + 1


class Table:
    """Columns of 64-bit numbers on disk, one for each of some names, of a length that is known before."""

    def __init__(self, length: int, folder: Path | None = None) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (closed with the object)
        self._length = length

    def put(self, column: int, first: int, values: NDArray[np.uint64]) -> None:
        """Write values into a column, from a row on. Raises OSError on a full disk; `os.pwrite` would not."""
        self._file.seek(8 * (column * self._length + first))
        self._file.write(np.ascontiguousarray(values).data)
        self._file.flush()

    def column(self, number: int) -> NDArray[np.uint64]:
        """Return a column."""
        read = os.pread(self._file.fileno(), 8 * self._length, 8 * number * self._length)
        return np.frombuffer(read, np.uint64)


def batches(count: int, size: int) -> Iterable[slice]:
    """Return slices that cover `count` things, at most `size` each."""
    return (slice(first, min(count, first + size)) for first in range(0, count, size))
