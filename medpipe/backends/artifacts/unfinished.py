"""Private folders in which artifacts are filled, and the one step that puts them into place."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from medpipe import owner_only
from medpipe.errors import MedpipeError

_PRIVATE = ".unfinished"
_GRACE_SECONDS = 60
"""A younger lock file may belong to a writer that has made it and not yet locked it."""


@dataclass
class Folder:
    """The draft of an artifact (`medpipe.ports.Draft`): fill `path`, then conclude with an outcome, once."""

    path: Path
    outcome: BaseModel | None = None

    def conclude(self, outcome: BaseModel) -> None:
        """Set the outcome that the manifest will have. Raises RuntimeError when it was set before."""
        if self.outcome is not None:
            raise RuntimeError("a draft is concluded once: build the whole outcome first")
        self.outcome = outcome


@contextmanager
def full_disk_named(ref: str) -> Iterator[None]:
    """Turn the errors of a full disk, a quota or a file size limit into a MedpipeError that names the artifact."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        raise MedpipeError(
            f"no space left for {ref}: nothing of it was kept. Make room, then run its verb again"
        ) from error


def drafts(root: Path) -> Path:
    """Return the folder of all private folders below `root`."""
    return root / _PRIVATE


@contextmanager
def private_folder(root: Path, ref: str) -> Iterator[Path]:
    """Make a folder below `root` that nothing reads, and remove it on leaving if it is still there.

    The lock beside it ends with the writer's process: a leftover is a folder whose lock can be taken.
    """
    around = drafts(root)
    owner_only.folder(around)
    _sweep(around)
    private = around / f"{ref.replace('/', '-')}-{uuid.uuid4().hex}"
    lock = _lock(private)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        private.mkdir()
        try:
            yield private
        finally:
            shutil.rmtree(private, ignore_errors=True)
            lock.unlink(missing_ok=True)


def in_use(private: Path) -> bool:
    """Return whether the writer of a private folder is at work, however long ago it last wrote there."""
    try:
        with _lock(private).open("r+") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        pass
    return False


def _lock(private: Path) -> Path:
    return private.with_name(f"{private.name}.lock")


def _sweep(around: Path) -> None:
    """Remove the private folders of killed writers."""
    for lock in around.glob("*.lock"):
        try:
            if time.time() - lock.stat().st_mtime < _GRACE_SECONDS:
                continue
            with lock.open("r+") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.with_name(lock.name.removesuffix(".lock")), ignore_errors=True)
                lock.unlink(missing_ok=True)
        except (BlockingIOError, FileNotFoundError):
            continue


def move(private: Path, place: Path, whole: Callable[[], bool] = lambda: True) -> None:
    """Rename a private folder into place. A folder that is already there stays if it is `whole`."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if not _renamed(private, place):
        with _alone(private.parent):
            while not whole():
                # Somebody removed its manifest, or swept it, so that the artifact is made again.
                aside = private.with_name(f"{private.name}-replaced")
                with suppress(FileNotFoundError):
                    place.rename(aside)
                shutil.rmtree(aside, ignore_errors=True)
                if _renamed(private, place):
                    break
    flush_folder(place.parent)


def _renamed(private: Path, place: Path) -> bool:
    """Rename a folder, and return whether nothing was in its place."""
    try:
        private.rename(place)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        return False
    return True


@contextmanager
def _alone(around: Path) -> Iterator[None]:
    """Wait until no other writer replaces a folder: else it could take away what was just made again."""
    handle = os.open(around, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def flush(folder: Path) -> None:
    """Write everything in a folder to disk, so that the rename that follows never names a half-written file."""
    for parent, _, names in os.walk(folder):
        for name in names:
            with open(Path(parent) / name, "rb") as file:
                os.fsync(file.fileno())
        flush_folder(Path(parent))


def flush_folder(folder: Path) -> None:
    """Write a folder's list of names to disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_flushed(file: Path, text: str) -> None:
    """Write a text file through to disk."""
    with file.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
