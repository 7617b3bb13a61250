"""The rows of a local copy, one at a time, each with the place that an error message names."""

from __future__ import annotations

import csv
import gzip
import json
import re
import zlib
from collections.abc import Iterator
from decimal import Decimal
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import ijson

from medpipe.errors import SourceError
from medpipe.sources.curated.entry import BadRow

KINDS = (".jsonl", ".jsonl.gz", ".json", ".json.gz", ".parquet", ".csv", ".csv.gz")
Placed = tuple[str, Any]
"""("file, line 3", the row); a row that cannot be read is a BadRow."""

_CHUNK = 1 << 16
"""Characters of one read of a JSON file. A piece of many more opening brackets overflows yajl's stack."""
_DEEPEST = 500
"""Lists and objects inside each other: deeper ones are a damaged file."""
_MOST_DIGITS = 4000
"""Digits of one number; Python reads up to 4,300 (`sys.set_int_max_str_digits`)."""
_ENDLESS = re.compile(rf"[0-9]{{{_MOST_DIGITS}}}")
_LAST_DIGITS = re.compile(r"[0-9]*\Z")
_LARGEST = 64 << 20
"""Characters: a single record that is longer is a damaged file."""
_BATCH = 1000
"""Rows of a parquet file in memory."""
_DAMAGED = (EOFError, OSError, UnicodeDecodeError, zlib.error, RecursionError)
"""What a file raises that ends early, is damaged, in another encoding, or nested without end."""
_DESCRIBES = re.compile(r"dataset_infos?\.json|dataset_dict\.json|state\.json|(?:readme|licen[cs]e)(?:\..*)?", re.I)
"""Files beside the data that say what it is."""


def data_files(
    folder: Path, kinds: tuple[str, ...], leave_out: re.Pattern[str] | None
) -> tuple[list[Path], list[Path]]:
    """Return the folder's data files at any depth, in the order of their paths: (to read, to leave out).

    Hidden files and files that only describe the data (`README.txt`, `dataset_infos.json`) are in neither list.

    Args:
        folder: where to look.
        kinds: endings of the names of data files.
        leave_out: matches the paths below the folder of files to leave out; None leaves out none.
    """
    read, left_out = list[Path](), list[Path]()
    for path in sorted(folder.rglob("*")):
        below = path.relative_to(folder)
        if not path.is_file() or not path.name.endswith(kinds) or _DESCRIBES.fullmatch(path.name):
            continue
        if any(part.startswith(".") for part in below.parts):
            continue
        (left_out if leave_out and leave_out.search(below.as_posix()) else read).append(path)
    return read, left_out


def rows(path: Path) -> Iterator[Placed]:
    """Yield every row of a file, read by the kind that its name says. One row or one batch is in memory at a time.

    Raises SourceError, naming the file and the line or record, where the file is broken.
    """
    kind = path.name.removesuffix(".gz").rpartition(".")[2]
    try:
        if kind == "parquet":
            yield from _parquet(path)
            return
        with opened(path) as stream:
            if kind == "csv":
                yield from _csv(path, stream)
            elif kind == "jsonl" or (kind == "json" and _first(stream) == "{"):
                yield from _lines(path, stream)
            else:
                yield from _array(path, stream)
    except _DAMAGED as error:
        raise SourceError(f"{path}: broken off or damaged ({error}); copy it again.") from error


def keyed(path: Path) -> Iterator[Placed]:
    """Yield the records of one JSON object whose values they are, each with its key as the column `key`.

    Raises SourceError as `rows` does.
    """
    try:
        with opened(path) as stream:
            yield from _object(path, stream)
    except _DAMAGED as error:
        raise SourceError(f"{path}: broken off or damaged ({error}); copy it again.") from error


def opened(path: Path) -> TextIOWrapper:
    """Open a text file, gzipped or not, as UTF-8."""
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _first(stream: IO[str]) -> str:
    """Return the first character that is not blank; the stream is back at its beginning afterwards."""
    while (character := stream.read(1)) and character.isspace():
        pass
    stream.seek(0)
    return character


def _lines(path: Path, stream: TextIOWrapper) -> Iterator[Placed]:
    lines = cast(BinaryIO, stream.buffer)  # bytes: a line in another encoding is one bad row
    for number, line in enumerate(lines, start=1):
        if line.strip():
            place = f"{path}, line {number}"
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                if not line.endswith(b"\n"):
                    raise SourceError(f"{place}: broken off ({_without_text(error)}); copy the file again.") from error
                row = BadRow(_without_text(error))
            yield place, row


def _csv(path: Path, stream: IO[str]) -> Iterator[Placed]:
    reader = csv.DictReader(stream)
    while True:
        try:
            row: dict[str | Any, str | Any] | BadRow = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            row = BadRow(str(error))
        yield f"{path}, line {reader.line_num}", row


def _parquet(path: Path) -> Iterator[Placed]:
    import pyarrow
    import pyarrow.parquet

    try:
        number = 0
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_BATCH):
                for row in batch.to_pylist():
                    number += 1
                    yield f"{path}, row {number}", row
    except pyarrow.ArrowException as error:
        raise SourceError(f"{path}: not a parquet file, or a damaged one ({error}); copy it again.") from error


def _array(path: Path, stream: IO[str]) -> Iterator[Placed]:
    if _first(stream) != "[":
        raise SourceError(f"{path}: not a list of records; correct the file.")
    for number, (_, row) in enumerate(_records(path, stream), start=1):
        yield f"{path}, record {number}", row


def _object(path: Path, stream: IO[str]) -> Iterator[Placed]:
    if _first(stream) != "{":
        raise SourceError(f"{path}: not an object of records; correct the file.")
    for number, (key, row) in enumerate(_records(path, stream), start=1):
        record = {**row, "key": key} if isinstance(row, dict) else BadRow("not an object")
        yield f"{path}, record {number} ({key})", record


def _records(path: Path, stream: IO[str]) -> Iterator[tuple[str, Any]]:
    """Yield (key, value) of the outermost list or object of a JSON file. Records before a fault are yielded first."""
    json_text, number, unfinished = _JsonText(), 0, 0
    while True:
        piece = stream.read(_CHUNK)
        records, fault = json_text.push(piece)
        yield from records
        number, unfinished = number + len(records), len(piece) + (0 if records else unfinished)
        if unfinished > _LARGEST:
            fault = fault or f"longer than {_LARGEST} characters"
        if fault:
            raise SourceError(f"{path}, record {number + 1}: not a record ({fault}); correct or remove it.")
        if not piece:
            return


class _JsonText:
    """The members of the outermost list or object of a JSON text that is pushed in piece by piece."""

    def __init__(self) -> None:
        self._events = ijson.sendable_list()
        self._parser = ijson.basic_parse_coro(self._events)
        self._open: list[dict[str, Any] | list[Any]] = []  # the containers around what comes next, outermost first
        self._keys: list[str] = []  # the last key of each; "" in a list
        self._digits = ""  # that the text read so far ends with

    def push(self, piece: str) -> tuple[list[tuple[str, Any]], str]:
        """Read on; "" is the end of the text. Return ((key, value) of each whole member, what is wrong or "")."""
        fault = f"a number of more than {_MOST_DIGITS} digits" if self._endless(piece) else self._parse(piece)
        members = [member for event in self._events if (member := self._member(*event)) is not None]
        self._events.clear()
        if len(self._open) > _DEEPEST:
            fault = fault or f"nested deeper than {_DEEPEST}"
        return members, fault

    def _parse(self, piece: str) -> str:
        try:
            self._parser.send(piece.encode())
        except StopIteration:  # the end of the text
            return ""
        except ijson.JSONError as error:
            return str(error).partition("\n")[0]  # the other lines quote the record
        except ArithmeticError:
            return "a number that cannot be read"
        return ""

    def _endless(self, piece: str) -> bool:
        """Return whether a number has more digits than Python reads. On such a number ijson 3.6 crashes the process."""
        text = self._digits + piece
        self._digits = _LAST_DIGITS.findall(text[-_MOST_DIGITS:])[0]
        return _ENDLESS.search(text) is not None

    def _member(self, event: str, value: Any) -> tuple[str, Any] | None:
        """Take one event of ijson. Return (key, value) when it completes a member of the outermost container."""
        if event == "map_key":
            self._keys[-1] = value
            return None
        if event in ("start_map", "start_array"):
            self._open.append({} if event == "start_map" else [])
            self._keys.append("")
            return None
        if event in ("end_map", "end_array"):
            value = self._open.pop()
            self._keys.pop()
        elif isinstance(value, Decimal):
            value = float(value)  # as `json` reads numbers
        if len(self._open) == 1:
            return self._keys[0], value
        if self._open:
            self._put(value)
        return None

    def _put(self, value: Any) -> None:
        container = self._open[-1]
        if isinstance(container, dict):
            container[self._keys[-1]] = value
        else:
            container.append(value)


def _without_text(error: ValueError | RecursionError) -> str:
    """Return why a line is not JSON, without the line."""
    if isinstance(error, json.JSONDecodeError):
        return error.msg
    return "nested without end" if isinstance(error, RecursionError) else "not UTF-8, or a number that is too long"
