"""JSON Lines of pydantic values: the rows of artifacts. Written in order, read one at a time.

Format: https://jsonlines.org, UTF-8, one JSON object on each line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from medpipe.errors import Damaged

Value = TypeVar("Value", bound=BaseModel)

_REMEDY = "remove the artifact's folder and run its verb again"


def write(path: Path, values: Iterable[BaseModel]) -> int:
    """Write each value on a line of its own and return their number. Makes the folder of `path` if necessary."""
    return _write(path, (value.__pydantic_serializer__.to_json(value) for value in values))


def write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    """Write each plain row on a line of its own and return their number, as `write` does for models."""
    return _write(path, (json.dumps(row, ensure_ascii=False, default=str).encode() for row in rows))


def _write(path: Path, rows: Iterable[bytes]) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with path.open("wb") as lines:
        for row in rows:
            lines.write(row + b"\n")
            count += 1
    return count


def read(path: Path, kind: type[Value]) -> Iterator[Value]:
    """Yield the values of a file in order. Raises Damaged, which names the file and line of the first bad row."""
    for number, row in enumerate(read_rows(path), start=1):
        try:
            yield kind.model_validate(row)
        except ValidationError as error:
            details = error.errors(include_url=False, include_context=False, include_input=False)
            faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in details)
            # Neither the values nor the cause, which repeats them: rows hold what people asked.
            raise Damaged(
                f"{path.name}, line {number} cannot be read as {kind.__name__}: {faults}; {_REMEDY}"
            ) from None


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the plain rows of a file in order. Raises Damaged, which names the file and the line, as `read` does."""
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                yield _row(path, number, line)
    except FileNotFoundError:
        raise Damaged(f"{path.parent.name}/{path.name} is missing from its artifact: {_REMEDY}") from None


def _row(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:  # JSONDecodeError, or UnicodeDecodeError for a line that is not UTF-8
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "not UTF-8"
        raise Damaged(f"{path.name}, line {number} is not JSON ({reason}); {_REMEDY}") from None
    if not isinstance(row, dict):
        raise Damaged(f"{path.name}, line {number} is not a JSON object; {_REMEDY}")
    return row
