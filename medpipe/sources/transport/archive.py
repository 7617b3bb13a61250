"""Published files, unpacked while they are read: plain, gzipped, or the only XML member of a zip."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from medpipe.errors import SourceError

LIMIT = 1 << 30
"""Bytes that a file may unpack to: thirty times MedlinePlus's largest."""


@contextmanager
def opened(path: Path, limit: int = LIMIT) -> Iterator[BinaryIO]:
    """Open the XML of a file as a stream of bytes with `read`.

    Raises SourceError for a zip that is damaged, encrypted, or has not exactly one XML file. Reading raises
    SourceError where the file is damaged, or unpacks to more than `limit` bytes (a zip bomb).
    """
    if path.suffix == ".gz":
        with gzip.open(path) as stream:
            yield _guarded(cast(BinaryIO, stream), path, limit)
    elif path.suffix == ".zip":
        with _archive(path) as archive, _member(archive, path) as stream:
            yield _guarded(stream, path, limit)
    else:
        with path.open("rb") as stream:
            yield _guarded(stream, path, limit)


class _Guarded:
    """`read` of a stream that may be damaged or endless."""

    def __init__(self, stream: BinaryIO, name: str, limit: int) -> None:
        self._stream, self._name, self._left, self._limit = stream, name, limit, limit

    def read(self, size: int = -1) -> bytes:
        try:
            piece = self._stream.read(size)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
            raise SourceError(f"{self._name}: damaged ({error}); remove it and pull again.") from error
        self._left -= len(piece)
        if self._left < 0:
            raise SourceError(
                f"{self._name}: unpacks to more than {self._limit} bytes; NLM does not publish such a file."
            )
        return piece


def _guarded(stream: BinaryIO, path: Path, limit: int) -> BinaryIO:
    return cast(BinaryIO, _Guarded(stream, path.name, limit))


def _archive(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise SourceError(f"{path.name}: not a whole zip file; remove it from the cache and pull again.") from error


def _member(archive: zipfile.ZipFile, path: Path) -> BinaryIO:
    members = [name for name in archive.namelist() if name.endswith(".xml")]
    if len(members) != 1:
        raise SourceError(f"{path.name}: has {len(members)} XML files where one is expected.")
    try:
        return cast(BinaryIO, archive.open(members[0]))
    except (RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
        raise SourceError(f"{path.name}, {members[0]}: cannot be unpacked ({error}); fetch it again.") from error
