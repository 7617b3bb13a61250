"""An index of JSON Lines, sorted by `id` and searched by halving: a lookup reads some twenty lines of any file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from medpipe import records
from medpipe.errors import Damaged

Row = dict[str, Any]


def lookup(index: Path, id: str) -> Iterator[Row]:
    """Yield the rows with an id, in the order of the file. The file must be sorted by `id`, as Python sorts strings.

    Raises Damaged, which names the file, when the search meets a line that cannot be read.
    """
    with index.open("rb") as lines:
        line = _line_from(lines, _offset(index, lines, id))
        while line and (row := _row(index, line))["id"] == id:
            yield row
            line = lines.readline()


def _offset(index: Path, lines: BinaryIO, id: str) -> int:
    """Return an offset in bytes after which the first whole line is the first with an id of at least `id`."""
    low, high = 0, index.stat().st_size
    while low < high:
        middle = (low + high) // 2
        line = _line_from(lines, middle)
        if line and _row(index, line)["id"] < id:
            low = middle + 1
        else:
            high = middle
    return low


def _line_from(lines: BinaryIO, offset: int) -> bytes:
    """Return the first whole line that begins at or after an offset in bytes; empty at the end of the file."""
    lines.seek(max(0, offset - 1))
    if offset:
        lines.readline()  # the rest of the line that holds the byte before the offset
    return lines.readline()


def _row(index: Path, line: bytes) -> Row:
    row = records.row(index, "a line", line)
    if not isinstance(row.get("id"), str):
        raise Damaged(f"{index.name} has a row without an id; {records.REMEDY}")
    return row
