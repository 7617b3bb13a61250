"""The rows of a local copy, one at a time, each with the place that an error message names."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from medpipe.errors import SourceError

KINDS = (".jsonl", ".jsonl.gz", ".json", ".json.gz", ".parquet", ".csv", ".csv.gz")
Placed = tuple[str, Any]
"""("file, line 3", the row)."""

_CHUNK = 1 << 20
_LARGEST = 64 << 20
"""Characters: a single record that is longer is a damaged file."""
_DAMAGED = (EOFError, OSError, UnicodeDecodeError)
_BLANK = re.compile(r"[\s,\ufeff]*")
_DESCRIBES = re.compile(r"dataset_infos?\.json|dataset_dict\.json|state\.json|(?:readme|licen[cs]e)(?:\..*)?", re.I)
"""Files beside the data that say what it is."""
_KEY = re.compile(r'[\s,]*("(?:[^"\\]|\\.)*")\s*:\s*')


def found(folder: Path, kinds: tuple[str, ...], leave_out: re.Pattern[str] | None) -> tuple[list[Path], list[Path]]:
    """The folder's data files at any depth, in order of their paths: those to read, and those to leave out.

    A file is left out when `leave_out` matches its path below the folder. Hidden files and those that only
    describe the data (`README.txt`, `dataset_infos.json`) are not looked at.
    """
    read, left = list[Path](), list[Path]()
    for path in sorted(folder.rglob("*")):
        below = path.relative_to(folder)
        if not path.is_file() or not path.name.endswith(kinds) or _DESCRIBES.fullmatch(path.name):
            continue
        if any(part.startswith(".") for part in below.parts):
            continue
        (left if leave_out and leave_out.search(below.as_posix()) else read).append(path)
    return read, left


def rows(path: Path) -> Iterator[Placed]:
    """Every row of a file, by the kind that its name says; nothing is held but one row or one batch.

    Raises SourceError, which names the file and the line or record, where the file is broken.
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
    """As `rows`, for one JSON object whose values are the records: each with its key as the column `key`."""
    try:
        with opened(path) as stream:
            yield from _object(path, stream)
    except _DAMAGED as error:
        raise SourceError(f"{path}: broken off or damaged ({error}); copy it again.") from error


def opened(path: Path) -> IO[str]:
    """A text file, gzipped or not, as UTF-8."""
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _first(stream: IO[str]) -> str:
    """The first character that is no blank; the stream is back at its beginning afterwards."""
    while (character := stream.read(1)) and character.isspace():
        pass
    stream.seek(0)
    return character


def _lines(path: Path, stream: IO[str]) -> Iterator[Placed]:
    for number, line in enumerate(stream, start=1):
        if line.strip():
            place = f"{path}, line {number}"
            try:
                yield place, json.loads(line)
            except ValueError as error:
                raise unreadable(place, error) from error


def _csv(path: Path, stream: IO[str]) -> Iterator[Placed]:
    reader = csv.DictReader(stream)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise unreadable(f"{path}, line {reader.line_num}", error) from error
        yield f"{path}, line {reader.line_num}", row


def _parquet(path: Path) -> Iterator[Placed]:
    import pyarrow
    import pyarrow.parquet

    try:
        number = 0
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=1000):
                for row in batch.to_pylist():
                    number += 1
                    yield f"{path}, row {number}", row
    except pyarrow.ArrowException as error:
        raise SourceError(f"{path}: no parquet file, or a damaged one ({error}); copy it again.") from error


def _array(path: Path, stream: IO[str]) -> Iterator[Placed]:
    text = _Text(path, stream)
    if text.take("[", "a list of records") and not text.at("]"):
        while True:
            yield f"{path}, record {text.number}", text.value()
            if text.at("]"):
                return


def _object(path: Path, stream: IO[str]) -> Iterator[Placed]:
    text = _Text(path, stream)
    if text.take("{", "an object of records") and not text.at("}"):
        while True:
            key = text.key()
            row = text.value()
            place = f"{path}, record {text.number - 1} ({key})"
            if not isinstance(row, dict):
                raise unreadable(place, ValueError("no object"))
            yield place, {**row, "key": key}
            if text.at("}"):
                return


class _Text:
    """JSON text of any size, decoded one value at a time."""

    def __init__(self, path: Path, stream: IO[str]) -> None:
        self._path, self._stream, self._decoder = path, stream, json.JSONDecoder()
        self._piece, self._at = "", 0  # what was read of the stream, and how much of that is done
        self.number = 1
        """Of the value that comes next."""

    def take(self, bracket: str, what: str) -> bool:
        if not self.at(bracket):
            raise SourceError(f"{self._path}: not {what}; correct the file.")
        self._at += 1
        return True

    def at(self, bracket: str) -> bool:
        self._skip()
        return self._piece.startswith(bracket, self._at)

    def key(self) -> str:
        while not (match := _KEY.match(self._piece, self._at)):
            self._more(ValueError("no key"))
        self._at = match.end()
        return str(json.loads(match.group(1)))

    def value(self) -> Any:
        self._skip()
        while True:
            try:
                value, self._at = self._decoder.raw_decode(self._piece, self._at)
            except ValueError as error:
                self._more(error)
                continue
            self.number += 1
            return value

    def _skip(self) -> None:
        while (match := _BLANK.match(self._piece, self._at)) and match.end() == len(self._piece):
            self._more(ValueError("it ends in the middle"))
        self._at = match.end() if match else self._at

    def _more(self, error: ValueError) -> None:
        """Read on, since the value may only be cut by the end of what was read so far."""
        left = self._piece[self._at :]
        more = self._stream.read(_CHUNK) if len(left) < _LARGEST else ""
        if not more:
            raise unreadable(f"{self._path}, record {self.number}", error) from error
        self._piece, self._at = left + more, 0


def unreadable(place: str, error: Exception) -> SourceError:
    """The error for one bad row; the reason names columns and positions, never texts."""
    reason = error.msg if isinstance(error, json.JSONDecodeError) else error
    return SourceError(f"{place}: not a record ({reason}); correct or remove it.")
