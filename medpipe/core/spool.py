"""Rows that wait on disk instead of in memory: written once, read in order or by number, as if they were a list.

They lie in a file without a name, so nobody else sees them, and the system frees the space even after a kill.
"""

from __future__ import annotations

import os
import pickle
import tempfile
from array import array
from collections.abc import Iterable, Iterator, Sequence
from operator import eq
from pathlib import Path
from typing import Any, Generic, TypeVar, overload

from pydantic import BaseModel

T = TypeVar("T")
Value = TypeVar("Value", bound=BaseModel)

_WINDOW = 1 << 18
"""Bytes that are read ahead, where rows are read in their order."""


class Spool(Sequence[T], Generic[T]):
    """Rows of values that pickle. Memory holds 8 bytes a row, and a window of the file while it is read."""

    def __init__(self, folder: Path | None = None, values: Iterable[T] = ()) -> None:
        """Make an empty spool with its file in `folder` (None: the system's), and append the values."""
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (closed with the object)
        self._ends = array("q", [0])
        for value in values:
            self.append(self.encoded(value))

    @staticmethod
    def encoded(value: Any) -> bytes:
        """Return the row of a value."""
        return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)

    def decoded(self, row: bytes) -> T:
        """Return the value of a row."""
        value: T = pickle.loads(row)  # noqa: S301 (its own row, from a file that nobody else can open)
        return value

    def append(self, row: bytes) -> None:
        """Append a row as `encoded` returns it. Raises OSError on a full disk."""
        self._file.write(row)
        self._ends.append(self._ends[-1] + len(row))

    def rows(self, numbers: Iterable[int] | None = None) -> Iterator[bytes]:
        """Yield the encoded rows with these numbers (None: all), fastest in ascending order."""
        self._file.flush()
        window, begin = b"", 0
        for number in range(len(self)) if numbers is None else numbers:
            start, end = self._ends[number], self._ends[number + 1]
            if start < begin or end > begin + len(window):
                window, begin = os.pread(self._file.fileno(), max(_WINDOW, end - start), start), start
            yield window[start - begin : end - begin]

    def chosen(self, numbers: Iterable[int]) -> Iterator[T]:
        """Yield the values of the rows with these numbers."""
        return map(self.decoded, self.rows(numbers))

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._ends) - 1

    def __iter__(self) -> Iterator[T]:
        """Yield every value in order."""
        return map(self.decoded, self.rows())

    @overload
    def __getitem__(self, number: int) -> T: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[T]: ...
    def __getitem__(self, number: int | slice) -> T | Sequence[T]:
        """Return the value with this number, or the values of a slice."""
        if isinstance(number, slice):
            return list(self.chosen(range(len(self))[number]))
        place = range(len(self))[number]
        self._file.flush()
        start, end = self._ends[place], self._ends[place + 1]
        return self.decoded(os.pread(self._file.fileno(), end - start, start))

    def __eq__(self, other: object) -> bool:
        """Return whether the other spool has the same rows."""
        if not isinstance(other, Spool):
            return NotImplemented
        return len(self) == len(other) and all(map(eq, self.rows(), other.rows()))

    __hash__ = None  # type: ignore[assignment]


class Lines(Spool[Value]):
    """Rows of pydantic values as JSON, ready for a file of JSON Lines."""

    def __init__(self, kind: type[Value], folder: Path | None = None, values: Iterable[Value] = ()) -> None:
        """Make a spool of values of one kind."""
        self._kind = kind
        super().__init__(folder, values)

    @staticmethod
    def encoded(value: Any) -> bytes:
        """Return the JSON of a value, as `medpipe.records` writes it."""
        row: bytes = value.__pydantic_serializer__.to_json(value)
        return row

    def decoded(self, row: bytes) -> Value:
        """Return the value that the JSON says."""
        return self._kind.model_validate_json(row)
