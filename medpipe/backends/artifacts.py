"""Artifacts as folders: `root/kind/digest/…` with a `manifest.json`. Whole or not there at all.

An artifact is filled in a private folder beside the others, flushed to disk, and renamed into place in
one step with its manifest already inside. A process killed at any point leaves a private folder, which
nothing reads and the next writer removes.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medpipe.core.refs import kind_of
from medpipe.ports import Manifest

MANIFEST = "manifest.json"
_PRIVATE = ".unfinished"


@dataclass
class Folder:
    """The draft of an artifact: fill `path`, note `facts` (JSON values) for its manifest."""

    path: Path
    facts: dict[str, Any] = field(default_factory=dict)


class FolderStore:
    """`medpipe.ports.ArtifactStore` in one folder of a local or shared POSIX file system."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def find(self, ref: str) -> Manifest | None:
        """The manifest of a whole artifact, None otherwise; raises ValueError when `ref` is no ref."""
        found = _read(self._place(ref))
        return None if found is None else found[1]

    def folder(self, ref: str) -> Path:
        """The artifact's folder; raises LookupError when there is no manifest."""
        place = self._place(ref)
        if _read(place) is None:
            raise LookupError(f"{ref} does not exist or was never finished: run the verb that makes it first")
        return place

    @contextmanager
    def write(self, ref: str, verb: str, inputs: Mapping[str, Any]) -> Iterator[Folder]:
        """Fill a private folder and move it into place. If somebody else was faster, theirs stays: it is equal.

        An error inside the block leaves nothing behind, and is raised on.
        """
        place = self._place(ref)
        with self._private(ref) as private:
            draft = Folder(private)
            yield draft
            _flush(private)
            manifest = {"ref": ref, "verb": verb, "inputs": dict(inputs), "facts": draft.facts,
                        "created_ns": time.time_ns()}
            _write_flushed(private / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1, default=str))
            _flush_folder(private)
            place.parent.mkdir(parents=True, exist_ok=True)
            self._move(private, place)

    def manifests(self, kind: str) -> Iterator[Manifest]:
        """Every whole artifact of a kind, oldest first; refs decide between equal times."""
        places = sorted((self.root / kind).glob(f"*/{MANIFEST}"))
        found = [one for place in places if (one := _read(place.parent)) is not None]
        yield from (manifest for _, manifest in sorted(found, key=lambda one: (one[0], one[1].ref)))

    def _place(self, ref: str) -> Path:
        kind = kind_of(ref)
        name = ref.split("/", 1)[1]
        if name.startswith("."):
            raise ValueError(f"{ref!r} is not a ref: a name cannot start with a dot")
        return self.root / kind / name

    @contextmanager
    def _private(self, ref: str) -> Iterator[Path]:
        """A folder that nobody reads. The lock dies with its writer, which tells leftovers from work in progress."""
        around = self.root / _PRIVATE
        around.mkdir(parents=True, exist_ok=True)
        _sweep(around)
        private = around / f"{ref.replace('/', '-')}-{uuid.uuid4().hex}"
        lock = private.with_suffix(private.suffix + ".lock")
        with lock.open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            private.mkdir()
            try:
                yield private
            finally:
                shutil.rmtree(private, ignore_errors=True)
                lock.unlink(missing_ok=True)

    def _move(self, private: Path, place: Path) -> None:
        while True:
            try:
                private.rename(place)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                if _read(place) is not None:
                    return
                # Somebody took the manifest away to have the artifact made again: make room for it.
                place.rename(private.with_name(f"{private.name}-replaced"))
            else:
                _flush_folder(place.parent)
                return


def _read(place: Path) -> tuple[int, Manifest] | None:
    """When an artifact was made (ns since 1970) and its manifest; None when it is not whole."""
    try:
        found = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except json.JSONDecodeError as error:
        raise ValueError(f"{place.parent.name}/{place.name}/{MANIFEST} is damaged ({error.msg}): "
                         "remove that folder and run its verb again") from error
    return int(found["created_ns"]), Manifest(found["ref"], found["verb"], found["inputs"], found["facts"])


def _sweep(around: Path) -> None:
    """Remove what killed writers left: private folders of which nobody holds the lock."""
    for lock in around.glob("*.lock"):
        try:
            with lock.open("r+") as held:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if time.time() - lock.stat().st_mtime < 60:
                    continue  # its writer may have made the file and not yet locked it
                shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
                lock.unlink(missing_ok=True)
        except (BlockingIOError, FileNotFoundError):
            continue


def _flush(folder: Path) -> None:
    """Everything in a folder is on disk before the rename says that it is there."""
    for parent, _, names in os.walk(folder):
        for name in names:
            with open(Path(parent) / name, "rb") as file:
                os.fsync(file.fileno())
        _flush_folder(Path(parent))


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_flushed(file: Path, text: str) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
