"""JSON Lines of pydantic values: the rows of artifacts. Written in order, read one at a time.

Format: https://jsonlines.org, UTF-8, one JSON object on each line.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from pydantic import BaseModel, ValidationError

from medpipe.errors import Damaged

Value = TypeVar("Value", bound=BaseModel)

_BUFFER = 1 << 18
"""Bytes that are written at a time: by Python's 8 KiB, writing takes four times as long."""

REMEDY = "remove the artifact's folder and run its verb again"
"""The end of every message about a damaged file."""


def write(path: Path, values: Iterable[BaseModel]) -> int:
    """Write each value on a line of its own and return their number. Makes the folder of `path` if necessary."""
    return write_lines(path, (value.__pydantic_serializer__.to_json(value) for value in values))


def write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    """Write each plain row on a line of its own and return their number, as `write` does for models."""
    return write_lines(path, (json.dumps(values, ensure_ascii=False, default=str).encode() for values in rows))


def write_lines(path: Path, lines: Iterable[bytes]) -> int:
    """Write each line, which is JSON already, and return their number, as `write` does for models."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with path.open("wb", buffering=_BUFFER) as file:
        for line in lines:
            file.write(line + b"\n")
            count += 1
    return count


def read(path: Path, kind: type[Value]) -> Iterator[Value]:
    """Yield the values of a file in order. Raises Damaged, which names the file and line of the first bad row."""
    for number, values in enumerate(read_rows(path), start=1):
        try:
            yield kind.model_validate(values)
        except ValidationError as error:
            raise Damaged(
                f"{path.name}, line {number} cannot be read as {kind.__name__}: {_faults(error)}; {REMEDY}"
            ) from None


def read_value(path: Path, kind: type[Value]) -> Value:
    """Return the one value that a JSON file holds. Raises Damaged, which names file and fields, as `read` does."""
    with _opened(path) as file:
        try:
            return kind.model_validate_json(file.read())
        except ValidationError as error:
            raise Damaged(f"{path.name} cannot be read as {kind.__name__}: {_faults(error)}; {REMEDY}") from None


def read_text(path: Path) -> str:
    """Return the text of a file. Raises Damaged when it is missing from its artifact or not UTF-8."""
    with _opened(path) as file:
        try:
            return file.read().decode()
        except UnicodeDecodeError:
            raise Damaged(f"{path.name} is not UTF-8; {REMEDY}") from None


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the plain rows of a file in order. Raises Damaged, which names the file and the line, as `read` does."""
    with _opened(path) as lines:
        for number, line in enumerate(lines, start=1):
            yield row(path, f"line {number}", line)


def count(path: Path) -> int:
    """Return the number of rows of a file, without parsing them. Raises Damaged when it is missing."""
    with _opened(path) as lines:
        return sum(1 for _ in lines)


def rows_at(path: Path, numbers: Container[int]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the plain rows with these numbers, counted from 0, in order, without parsing the others.

    Raises Damaged, as `read_rows` does.
    """
    with _opened(path) as lines:
        for number, line in enumerate(lines):
            if number in numbers:
                yield number, row(path, f"line {number + 1}", line)


def row_at(path: Path, number: int) -> dict[str, Any] | None:
    """Return one plain row, counted from 0, without parsing the rows before it; None beyond the end of the file.

    Raises Damaged, as `read_rows` does.
    """
    with _opened(path) as lines:
        line = next(islice(lines, number, None), None)
    return None if line is None else row(path, f"line {number + 1}", line)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise Damaged(f"{path.parent.name}/{path.name} is missing from its artifact: {REMEDY}") from None


def row(path: Path, where: str, line: bytes) -> dict[str, Any]:
    """Return the plain row of one line of a file. Raises Damaged, which names the file and `where` the line is."""
    try:
        values = json.loads(line)
    except ValueError as error:  # JSONDecodeError, or UnicodeDecodeError for a line that is not UTF-8
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "not UTF-8"
        raise Damaged(f"{path.name}, {where} is not JSON ({reason}); {REMEDY}") from None
    if not isinstance(values, dict):
        raise Damaged(f"{path.name}, {where} is not a JSON object; {REMEDY}")
    return values


def _faults(error: ValidationError) -> str:
    """Return the fields at fault without their values, and never as a cause, which repeats them: people asked them."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}" for fault in details)
