"""Artifacts at any address that fsspec knows (`s3://…`, `gs://…`, `memory://…`)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import fsspec

from medpipe.backends.artifacts import digests
from medpipe.backends.artifacts.manifest_file import (
    BLANKED,
    MANIFEST,
    SWEPT,
    blanked_in,
    blanked_next,
    gone,
    manifest_in,
    missing,
    parts,
    swept_in,
    swept_next,
    text_of,
)
from medpipe.backends.artifacts.unfinished import Folder, full_disk_named, move, private_folder
from medpipe.core.manifests import AnyManifest, Blanked, Inputs, Manifest, Swept, manifest_type
from medpipe.errors import NotFound


class ObjectStore:
    """`medpipe.ports.ArtifactStore` in an object store.

    `cache` holds the folders that this machine has filled or fetched. An artifact exists only if the address has
    its manifest.
    """

    def __init__(self, address: str, cache: Path) -> None:
        self.address = address
        self.cache = cache

    @cached_property
    def _remote(self) -> tuple[Any, str]:
        files, root = fsspec.core.url_to_fs(self.address)
        return files, root.rstrip("/")

    def find(self, ref: str) -> Manifest | None:
        """Return the manifest of a whole artifact, or None. Raises UsageError (not a ref) and Damaged."""
        manifest_type(ref)
        try:
            text = self._remote[0].cat_file(self._address(ref))
        except FileNotFoundError:
            return None
        return manifest_in(text, ref)

    def folder(self, ref: str) -> Path:
        """Return the artifact's folder in the cache, after fetching it if necessary. Raises NotFound, and as `find`."""
        place = self.remains(ref)
        if self.swept(ref):
            raise NotFound(gone(ref))
        return place

    def remains(self, ref: str) -> Path:
        """As `folder`, also when files were swept. They go from this machine's cache too."""
        manifest = self.find(ref)
        if manifest is None:
            raise NotFound(missing(ref))
        place = self._cached(ref, manifest.files)
        if not place.is_dir():
            self._fetch(manifest, place)
        blanked, swept = self.blanked(ref), self.swept(ref)
        absent = swept.files if swept else ()
        for path in absent:
            (place / path).unlink(missing_ok=True)
        if blanked:
            left = {path: states[-1] for path, states in blanked.files.items() if path not in absent}
            self._refresh(manifest, place, left)
        digests.check(ref, place, manifest.digests, blanked, absent)
        return place

    def _refresh(self, manifest: Manifest, place: Path, erased: Mapping[str, str]) -> None:
        """Fetch the files again that this machine fetched before texts in them were erased. `erased`: path → digest."""
        files, root = self._remote
        stale = [path for path, digest in erased.items() if digests.of_file(place / path) != digest]
        with private_folder(self.cache, manifest.ref) as private:
            for path in stale:
                part = private / path.replace("/", "-")
                files.get_file(f"{root}/{manifest.files}/{path}", str(part))
                part.replace(place / path)

    def blanked(self, ref: str) -> Blanked | None:
        """As `FolderStore.blanked`."""
        text = self._beside(ref, BLANKED)
        return None if text is None else blanked_in(text, ref)

    def blank(self, ref: str, files: Mapping[str, Path], record: Callable[[Blanked], None]) -> None:
        """As `FolderStore.blank`. Caches of other machines follow when they next read the artifact."""
        manifest = self.find(ref)
        if manifest is None:
            raise NotFound(missing(ref))
        states = {path: digests.of_file(file) for path, file in files.items()}
        after = blanked_next(ref, self.blanked(ref), states)
        record(after)
        remote, root = self._remote
        remote.pipe_file(self._address(ref, BLANKED), after.model_dump_json().encode())
        for path, file in files.items():
            remote.put_file(str(file), f"{root}/{manifest.files}/{path}")
        self.remains(ref)

    def _fetch(self, manifest: Manifest, place: Path) -> None:
        files, root = self._remote
        with full_disk_named(manifest.ref), private_folder(self.cache, manifest.ref) as private:
            for name in files.find(f"{root}/{manifest.files}"):
                target = private / name.rsplit(f"{manifest.files}/", 1)[1]
                target.parent.mkdir(parents=True, exist_ok=True)
                files.get_file(name, str(target))
            move(private, place)

    @contextmanager
    def write(self, ref: str, verb: str, inputs: Inputs) -> Iterator[Folder]:
        """As `FolderStore.write`. Of two writers, either's files are complete under a prefix of their own."""
        files, root = self._remote
        with full_disk_named(ref), private_folder(self.cache, ref) as private:
            draft = Folder(private)
            yield draft
            prefix = f"files/{private.name}"
            text = text_of(ref, verb, inputs, draft.outcome, self.find, digests.of_files(private), prefix)
            with self._discarding(f"{root}/{prefix}"):
                self._upload(private, f"{root}/{prefix}")
            before = self.find(ref)
            if before is None or self.swept(ref):
                self._publish(ref, text, prefix, private.name)
                if before:
                    self._discard(ref, before)
                for beside in (BLANKED, SWEPT):
                    self._delete(self._address(ref, beside))
                move(private, self._cached(ref, prefix))
            elif files.exists(f"{root}/{prefix}"):
                files.rm(f"{root}/{prefix}", recursive=True)

    def _upload(self, private: Path, prefix: str) -> None:
        files, _ = self._remote
        for parent, _, names in os.walk(private):
            for name in names:
                source = Path(parent) / name
                target = f"{prefix}/{source.relative_to(private).as_posix()}"
                files.makedirs(target.rsplit("/", 1)[0], exist_ok=True)
                files.put_file(str(source), target)

    def _publish(self, ref: str, text: str, prefix: str, nonce: str) -> None:
        """Write the manifest, which makes the artifact exist."""
        files, root = self._remote
        address = self._address(ref)
        files.makedirs(address.rsplit("/", 1)[0], exist_ok=True)
        # Under another name first: where the "object store" is a file system, writing can be cut short.
        part = f"{address}.{nonce}"
        with self._discarding(part), self._discarding(f"{root}/{prefix}"):
            files.pipe_file(part, text.encode())
        files.mv(part, address)

    @contextmanager
    def _discarding(self, place: str) -> Iterator[None]:
        """On an error, try to remove files that no manifest names: they would only take up room."""
        try:
            yield
        except BaseException:
            with suppress(Exception):
                self._remote[0].rm(place, recursive=True)
            raise

    def swept(self, ref: str) -> Swept | None:
        """As `FolderStore.swept`."""
        text = self._beside(ref, SWEPT)
        return None if text is None else swept_in(text, ref)

    def strip(self, ref: str, files: Collection[str]) -> None:
        """As `FolderStore.strip`. Caches of other machines follow when they next read the artifact."""
        manifest = self.find(ref)
        if manifest is None:
            raise NotFound(missing(ref))
        after = swept_next(ref, self.swept(ref), files)
        remote, root = self._remote
        remote.pipe_file(self._address(ref, SWEPT), after.model_dump_json().encode())
        for path in after.files:
            self._delete(f"{root}/{manifest.files}/{path}")
        shutil.rmtree(self._cached(ref, manifest.files), ignore_errors=True)

    def remove(self, ref: str) -> None:
        """As `FolderStore.remove`. Until the manifest goes, it names what is left: a killed run is run again."""
        manifest = self.find(ref)
        if manifest is None:
            return
        self.strip(ref, manifest.digests)
        self._discard(ref, manifest)
        self._delete(self._address(ref))
        self._delete(self._address(ref, "").rstrip("/"))

    def _discard(self, ref: str, manifest: Manifest) -> None:
        """Remove all files of a manifest, here and in the cache."""
        self._delete(f"{self._remote[1]}/{manifest.files}")
        shutil.rmtree(self._cached(ref, manifest.files), ignore_errors=True)

    def _delete(self, place: str) -> None:
        with suppress(FileNotFoundError):
            self._remote[0].rm(place, recursive=True)

    def sizes(self, ref: str) -> Mapping[str, int]:
        """As `FolderStore.sizes`."""
        manifest = self.find(ref)
        if manifest is None:
            return {}
        remote, root = self._remote
        prefix = f"{root}/{manifest.files}"
        files = remote.find(prefix, detail=True) if remote.exists(prefix) else {}
        sizes = {name.rsplit(f"{manifest.files}/", 1)[1]: int(about["size"]) for name, about in files.items()}
        return {MANIFEST: int(remote.size(self._address(ref))), **sizes}

    def manifests(self, kind: type[AnyManifest]) -> Iterator[AnyManifest]:
        """As `FolderStore.manifests`."""
        whole = [manifest for ref in self.refs(kind) if isinstance(manifest := self.find(ref), kind)]
        yield from sorted(whole, key=lambda manifest: (manifest.created_ns, manifest.ref))

    def refs(self, kind: type[Manifest]) -> Iterator[str]:
        """As `FolderStore.refs`."""
        files, root = self._remote
        names = sorted(name.split("/")[-2] for name in files.glob(f"{root}/{kind.kind}/*/{MANIFEST}"))
        yield from (f"{kind.kind}/{name}" for name in names)

    def _beside(self, ref: str, file: str) -> bytes | None:
        manifest_type(ref)
        try:
            text: bytes = self._remote[0].cat_file(self._address(ref, file))
        except FileNotFoundError:
            return None
        return text

    def _address(self, ref: str, file: str = MANIFEST) -> str:
        return "/".join((self._remote[1], *parts(ref), file))

    def _cached(self, ref: str, files: str) -> Path:
        return self.cache.joinpath(*parts(ref), files.rsplit("/", 1)[1])
