"""Artifacts as folders with a `manifest.json`, in a file system or an object store. Whole or not there at all.

In a file system an artifact is filled in a private folder beside the others, flushed to disk, and renamed
into place in one step with its manifest already inside. An object store cannot rename, so there the files
go under a prefix of their own, and the manifest, written last, points to it. A process killed at any point
leaves files that nothing reads; of folders, the next writer removes them.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import fsspec

from medpipe.core.refs import kind_of
from medpipe.errors import MedpipeError
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
            raise LookupError(_missing(ref))
        return place

    @contextmanager
    def write(self, ref: str, verb: str, inputs: Mapping[str, Any]) -> Iterator[Folder]:
        """Fill a private folder and move it into place; if somebody else was faster, theirs stays: it is equal.

        An error inside the block leaves nothing behind, and is raised on; a full disk as MedpipeError.
        """
        place = self._place(ref)
        with _room(ref), _private(self.root, ref) as private:
            draft = Folder(private)
            yield draft
            _flush(private)
            _write_flushed(private / MANIFEST, _described(ref, verb, inputs, draft.facts))
            _flush_folder(private)
            _move(private, place, whole=lambda: _read(place) is not None)

    def manifests(self, kind: str) -> Iterator[Manifest]:
        """Every whole artifact of a kind, oldest first; refs decide between equal times."""
        places = sorted((self.root / kind).glob(f"*/{MANIFEST}"))
        found = [one for place in places if (one := _read(place.parent)) is not None]
        yield from (manifest for _, manifest in sorted(found, key=lambda one: (one[0], one[1].ref)))

    def _place(self, ref: str) -> Path:
        return self.root.joinpath(*_parts(ref))


class ObjectStore:
    """`medpipe.ports.ArtifactStore` at any address that fsspec knows (`s3://…`, `gs://…`, `memory://…`).

    `cache` holds the folders that this machine filled or asked for; only what the address has counts.
    """

    def __init__(self, address: str, cache: Path) -> None:
        self.address = address
        self.cache = cache

    @cached_property
    def _remote(self) -> tuple[Any, str]:
        files, root = fsspec.core.url_to_fs(self.address)
        return files, root.rstrip("/")

    def find(self, ref: str) -> Manifest | None:
        """As `FolderStore.find`."""
        found = self._found(ref)
        return None if found is None else _manifest(found)

    def folder(self, ref: str) -> Path:
        """The artifact's folder in the cache, fetched if need be; raises LookupError without a manifest."""
        found = self._found(ref)
        if found is None:
            raise LookupError(_missing(ref))
        place = self._cached(ref, found["files"])
        if not place.is_dir():
            files, root = self._remote
            source = f"{root}/{found['files']}"
            with _room(ref), _private(self.cache, ref) as private:
                for name in files.find(source):
                    target = private / name.rsplit(f"{found['files']}/", 1)[1]
                    target.parent.mkdir(parents=True, exist_ok=True)
                    files.get_file(name, str(target))
                _move(private, place)
        return place

    @contextmanager
    def write(self, ref: str, verb: str, inputs: Mapping[str, Any]) -> Iterator[Folder]:
        """As `FolderStore.write`; of two writers either's files are complete under a prefix of their own."""
        files, root = self._remote
        with _room(ref), _private(self.cache, ref) as private:
            draft = Folder(private)
            yield draft
            prefix = f"files/{private.name}"
            with self._discarding(f"{root}/{prefix}"):
                for parent, _, names in os.walk(private):
                    for name in names:
                        source = Path(parent) / name
                        target = f"{root}/{prefix}/{source.relative_to(private).as_posix()}"
                        files.makedirs(target.rsplit("/", 1)[0], exist_ok=True)
                        files.put_file(str(source), target)
            if self._found(ref) is None:
                address = self._address(ref)
                files.makedirs(address.rsplit("/", 1)[0], exist_ok=True)
                # Under another name first: where the "object store" is a file system, writing can be cut short.
                part = f"{address}.{private.name}"
                with self._discarding(part), self._discarding(f"{root}/{prefix}"):
                    files.pipe_file(part, _described(ref, verb, inputs, draft.facts, prefix).encode())
                files.mv(part, address)
                _move(private, self._cached(ref, prefix))
            elif files.exists(f"{root}/{prefix}"):
                files.rm(f"{root}/{prefix}", recursive=True)

    @contextmanager
    def _discarding(self, place: str) -> Iterator[None]:
        """On an error, remove what nothing names, if that can be done: left there, it would only take up room."""
        try:
            yield
        except BaseException:
            with suppress(Exception):
                self._remote[0].rm(place, recursive=True)
            raise

    def manifests(self, kind: str) -> Iterator[Manifest]:
        """As `FolderStore.manifests`."""
        files, root = self._remote
        found = [json.loads(files.cat_file(name)) for name in files.glob(f"{root}/{kind}/*/{MANIFEST}")]
        yield from map(_manifest, sorted(found, key=lambda one: (one["created_ns"], one["ref"])))

    def _address(self, ref: str) -> str:
        return "/".join((self._remote[1], *_parts(ref), MANIFEST))

    def _cached(self, ref: str, files: str) -> Path:
        return self.cache.joinpath(*_parts(ref), files.rsplit("/", 1)[1])

    def _found(self, ref: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads(self._remote[0].cat_file(self._address(ref)))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise ValueError(f"{ref}: {self._address(ref)} is damaged: remove it and run its verb again") from error
        return found


@contextmanager
def _room(ref: str) -> Iterator[None]:
    """A full disk in plain words."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        raise MedpipeError(
            f"no space left for {ref}: nothing of it was kept. Make room, then run its verb again"
        ) from error


@contextmanager
def _private(root: Path, ref: str) -> Iterator[Path]:
    """A folder that nobody reads. Its lock dies with its writer, which tells leftovers from work going on."""
    around = root / _PRIVATE
    around.mkdir(parents=True, exist_ok=True)
    _sweep(around)
    private = around / f"{ref.replace('/', '-')}-{uuid.uuid4().hex}"
    lock = private.with_name(f"{private.name}.lock")
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        private.mkdir()
        try:
            yield private
        finally:
            shutil.rmtree(private, ignore_errors=True)
            lock.unlink(missing_ok=True)


def _sweep(around: Path) -> None:
    """Remove what killed writers left: private folders of which nobody holds the lock."""
    for lock in around.glob("*.lock"):
        try:
            if time.time() - lock.stat().st_mtime < 60:
                continue  # its writer may have made the file and not yet locked it
            with lock.open("r+") as held:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.with_name(lock.name.removesuffix(".lock")), ignore_errors=True)
                lock.unlink(missing_ok=True)
        except (BlockingIOError, FileNotFoundError):
            continue


def _move(private: Path, place: Path, whole: Callable[[], bool] = lambda: True) -> None:
    """Rename into place, or leave what somebody else put there first, if that is whole."""
    place.parent.mkdir(parents=True, exist_ok=True)
    while True:
        try:
            private.rename(place)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            if whole():
                return
            # Somebody took its manifest away to have the artifact made again: make room for it.
            aside = private.with_name(f"{private.name}-replaced")
            place.rename(aside)
            shutil.rmtree(aside, ignore_errors=True)
        else:
            _flush_folder(place.parent)
            return


def _parts(ref: str) -> tuple[str, str]:
    """Kind and name; raises ValueError for what is no ref."""
    name = ref.split("/", 1)[-1]
    if name.startswith("."):
        raise ValueError(f"{ref!r} is not a ref: a name cannot start with a dot")
    return kind_of(ref), name


def _described(ref: str, verb: str, inputs: Mapping[str, Any], facts: Mapping[str, Any], files: str = "") -> str:
    manifest = {"ref": ref, "verb": verb, "created_ns": time.time_ns(), "inputs": dict(inputs), "facts": facts}
    return json.dumps(manifest | ({"files": files} if files else {}), ensure_ascii=False, indent=1, default=str)


def _manifest(found: Mapping[str, Any]) -> Manifest:
    return Manifest(found["ref"], found["verb"], found["inputs"], found["facts"])


def _missing(ref: str) -> str:
    return f"{ref} does not exist or was never finished: run the verb that makes it first"


def _read(place: Path) -> tuple[int, Manifest] | None:
    """When an artifact was made (ns since 1970) and its manifest; None when it is not whole."""
    try:
        found = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{place.parent.name}/{place.name}/{MANIFEST} is damaged ({error.msg}): "
            "remove that folder and run its verb again"
        ) from error
    return int(found["created_ns"]), _manifest(found)


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
