"""JSON Lines of pydantic values: how artifacts keep rows. Read one at a time, written in order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from medpipe.errors import MedpipeError

Value = TypeVar("Value", bound=BaseModel)


def write(path: Path, values: Iterable[BaseModel]) -> int:
    """Write one value a line (UTF-8) and return how many there were."""
    return _write(path, (value.__pydantic_serializer__.to_json(value) for value in values))


def write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    """As `write`, for plain rows."""
    return _write(path, (json.dumps(row, ensure_ascii=False, default=str).encode() for row in rows))


def _write(path: Path, rows: Iterable[bytes]) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with path.open("wb") as lines:
        for count, row in enumerate(rows, start=1):  # noqa: B007
            lines.write(row + b"\n")
    return count


def read(path: Path, kind: type[Value]) -> Iterator[Value]:
    """The values of a file, in order; raises MedpipeError naming the file and line of the first bad one."""
    for number, row in enumerate(read_rows(path), start=1):
        try:
            yield kind.model_validate(row)
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
            # Without the values, and without the cause, which repeats them: rows hold what people asked.
            raise MedpipeError(f"{path.name}, line {number}: not a {kind.__name__}: {faults}") from None


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """As `read`, for plain rows; raises MedpipeError naming the file and line of bad JSON."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                yield json.loads(line)
            except json.JSONDecodeError as error:
                raise MedpipeError(
                    f"{path.name}, line {number}: not JSON ({error.msg}); "
                    "remove the artifact's folder and run the verb again"
                ) from error
