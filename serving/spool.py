"""Records of answers on disk, while the database does not take them.

A segment is a file of JSON lines that one process writes and locks. A process that was killed leaves its lock, so the
next gateway of the same home takes its segments over. A line without an end was never promised to anybody.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from medpipe import owner_only
from medpipe.ports import AnswerRecord


class SpoolFull(OSError):
    """The spool has no room for more records."""


class Segment(NamedTuple):
    """A file of records that this process has locked."""

    path: Path
    file: io.FileIO

    def records(self) -> tuple[list[AnswerRecord], int]:
        """Return the whole records, oldest first, and how many lines cannot be read."""
        self.file.seek(0)
        lines = self.file.read().split(b"\n")[:-1]
        records = list(filter(None, map(_record, lines)))
        return records, len(lines) - len(records)

    def remove(self) -> None:
        """Remove the file: a database has its records."""
        self.path.unlink(missing_ok=True)
        self.file.close()

    def set_aside(self) -> None:
        """Keep the file under another name: a person must look at the lines that cannot be read."""
        self.path.rename(self.path.with_suffix(".unreadable"))
        self.file.close()

    def release(self) -> None:
        """Leave the file to a later attempt."""
        self.file.close()


class Spool:
    """A bounded folder of segments. Use it from one thread at a time."""

    def __init__(self, folder: Path, limit: int) -> None:
        """`folder`: made when something is written. `limit`: bytes of all segments together."""
        self._folder, self._limit = folder, limit
        self._writing: Segment | None = None

    @property
    def size(self) -> int:
        """Bytes of all segments, those of other gateways of the home included."""
        sizes = 0
        for path in self._paths():
            try:
                sizes += path.stat().st_size
            except FileNotFoundError:  # drained in between
                continue
        return sizes

    def append(self, records: Sequence[AnswerRecord]) -> None:
        """Write records, and return when they are on the disk: all or none.

        Raises SpoolFull when they do not fit, and OSError when the disk does not take them.
        """
        lines = b"".join(_line(record) for record in records)
        if self.size + len(lines) > self._limit:
            raise SpoolFull(f"the spool {self._folder} has no room for {len(lines)} bytes")
        file = (self._writing or self._new()).file
        end = file.seek(0, os.SEEK_END)
        try:
            rest = memoryview(lines)
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        except OSError:
            self._cut(end)
            raise

    def claim(self) -> list[Segment]:
        """Return all segments that no other process holds, oldest first; what is written next is another segment."""
        if self._writing:
            self._writing.release()
            self._writing = None
        segments = []
        for path in sorted(self._paths(), key=lambda path: path.name):
            try:
                file = io.FileIO(path, "r+")
            except FileNotFoundError:
                continue
            if _locked(file) and path.exists():
                segments.append(Segment(path, file))
            else:
                file.close()
        return segments

    def close(self) -> None:
        """Release the segment that is written."""
        if self._writing:
            self._writing.release()
            self._writing = None

    def _paths(self) -> list[Path]:
        return list(self._folder.glob("*.jsonl"))

    def _new(self) -> Segment:
        owner_only.folder(self._folder)
        path = self._folder / f"{datetime.now().astimezone():%Y%m%d%H%M%S}-{uuid.uuid4().hex}.jsonl"
        file = io.FileIO(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, owner_only.FILE), "r+")
        _locked(file)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)  # else a crash could lose the file's name
        finally:
            os.close(folder)
        self._writing = Segment(path, file)
        return self._writing

    def _cut(self, end: int) -> None:
        """Remove half a line, so that the next one does not continue it; else leave the segment."""
        segment = self._writing
        try:
            if segment:
                segment.file.truncate(end)
        except OSError:
            self.close()


def _locked(file: io.FileIO) -> bool:
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _line(record: AnswerRecord) -> bytes:
    return json.dumps({**record._asdict(), "at": record.at.isoformat()}).encode() + b"\n"


def _record(line: bytes) -> AnswerRecord | None:
    try:
        values = json.loads(line)
        return AnswerRecord(**{**values, "at": datetime.fromisoformat(values["at"])})
    except (ValueError, TypeError, KeyError):
        return None
