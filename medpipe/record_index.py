"""An index of JSON Lines, sorted by `id` and searched by halving: a lookup reads some twenty lines of any file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

Row = dict[str, Any]


def lookup(index: Path, id: str) -> Iterator[Row]:
    """Yield the rows with an id, in the order of the file. The file must be sorted by `id`, as Python sorts strings."""
    with index.open("rb") as lines:
        line = _line_from(lines, _offset(lines, index.stat().st_size, id))
        while line and (row := json.loads(line))["id"] == id:
            yield row
            line = lines.readline()


def _offset(lines: BinaryIO, size: int, id: str) -> int:
    """Return an offset in bytes after which the first whole line is the first with an id of at least `id`."""
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        line = _line_from(lines, middle)
        if line and json.loads(line)["id"] < id:
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
