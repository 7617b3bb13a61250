"""Artifacts in a bucket of an object store, and the folders of this machine that have copies of them.

Below the address, `{ref}/manifest.json` points to the files of the artifact, which are below `files/{ref}/{upload}/`:
each writer uploads below a name of its own. The manifest is created on the condition that there is none, and that of a
swept artifact is replaced on the condition that it is still the same. What was swept or erased is said beside the
files, so that it never speaks of files that were made again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from medpipe.backends.artifacts import digests
from medpipe.backends.artifacts.manifest_cache import ManifestCache
from medpipe.backends.artifacts.manifest_file import (
    BESIDE,
    BLANKED,
    MANIFEST,
    SWEPT,
    blanked_in,
    blanked_next,
    gone,
    in_order,
    manifest_in,
    missing,
    parts,
    swept_in,
    swept_next,
    text_of,
)
from medpipe.backends.artifacts.unfinished import Folder, full_disk_named, move, private_folder
from medpipe.bucket import Bucket
from medpipe.core.manifests import SIGNED, AnyManifest, Blanked, Inputs, Manifest, Swept, manifest_type
from medpipe.core.refs import kind_of
from medpipe.errors import Damaged, NotFound
from medpipe.ports import ArtifactStore, Signer

_GRACE = timedelta(days=1)
"""A younger upload without a manifest may belong to a writer that is at work."""


class ObjectStore:
    """`medpipe.ports.ArtifactStore` in an object store.

    `cache` holds the folders that this machine has filled or fetched. It can be emptied while no process uses it.
    """

    def __init__(self, address: str, cache: Path, signer: Signer | None = None) -> None:
        """`address`: such as `s3://bucket/prefix`. `signer`: as in `FolderStore`."""
        self.cache = cache
        self._bucket = Bucket(address)
        self._manifests = ManifestCache(self._bucket)
        self._signer = signer

    def find(self, ref: str) -> Manifest | None:
        """Return the manifest of a whole artifact, or None. Raises UsageError (not a ref) and Damaged."""
        return self._find(ref)[0]

    def folder(self, ref: str) -> Path:
        """Return the artifact's folder in the cache, after fetching it if necessary. Raises NotFound, and as `find`."""
        place, swept = self._fetched(ref)
        if swept:
            raise NotFound(gone(ref))
        return place

    def remains(self, ref: str) -> Path:
        """As `folder`, also when files were swept. They go from this machine's cache too."""
        return self._fetched(ref)[0]

    def blanked(self, ref: str) -> Blanked | None:
        """As `FolderStore.blanked`."""
        manifest = self.find(ref)
        return None if manifest is None else self._blanked(manifest)

    def blank(self, ref: str, files: Mapping[str, Path], record: Callable[[Blanked], None]) -> None:
        """As `FolderStore.blank`. Caches of other machines follow when they next read the artifact."""
        manifest = self._whole(ref)
        states = {path: digests.of_file(file) for path, file in files.items()}
        after = blanked_next(ref, self._blanked(manifest), states)
        record(after)
        self._bucket.write(f"{_prefix(manifest)}/{BLANKED}", after.model_dump_json())
        self._bucket.upload({f"{_prefix(manifest)}/{path}": file for path, file in files.items()})
        self.remains(ref)

    @contextmanager
    def write(self, ref: str, verb: str, inputs: Inputs) -> Iterator[Folder]:
        """As `FolderStore.write`. Of two writers at the same time the first to end wins; the other's files go again."""
        with full_disk_named(ref), private_folder(self.cache, ref) as private:
            draft = Folder(private)
            yield draft
            if self._signer and kind_of(ref) in SIGNED:
                self._signer.sign(private)
            upload = f"files/{ref}/{private.name.rpartition('-')[2]}"
            text = text_of(ref, verb, inputs, draft.outcome, self.find, digests.of_files(private), upload)
            try:
                self._bucket.upload(_files(private, upload))
            except BaseException:
                with suppress(Exception):
                    self._remove(upload)
                raise
            if self._publish(ref, text):
                move(private, self._cached(ref, upload))
                self._remove_others(ref, upload)
            else:
                self._remove(upload)

    def swept(self, ref: str) -> Swept | None:
        """As `FolderStore.swept`."""
        manifest = self.find(ref)
        return None if manifest is None else self._swept(manifest)

    def strip(self, ref: str, files: Collection[str]) -> None:
        """As `FolderStore.strip`. Caches of other machines follow when they next read the artifact."""
        manifest = self._whole(ref)
        after = swept_next(ref, self._swept(manifest), files)
        self._bucket.write(f"{_prefix(manifest)}/{SWEPT}", after.model_dump_json())
        self._bucket.remove([f"{_prefix(manifest)}/{path}" for path in after.files])
        shutil.rmtree(self._cached(ref, _prefix(manifest)), ignore_errors=True)

    def remove(self, ref: str) -> None:
        """As `FolderStore.remove`. Until the manifest goes, it names what is left: a killed run is run again."""
        manifest = self.find(ref)
        if manifest is not None:
            self.strip(ref, manifest.digests)
            self._bucket.remove([f"{ref}/{MANIFEST}"])
        left = [f"{at}/{path}" for at in (ref, f"files/{ref}") for path in self._bucket.below(at)]
        self._bucket.remove([path for path in left if path.rpartition("/")[2] in BESIDE - {MANIFEST}])

    def sizes(self, ref: str) -> Mapping[str, int]:
        """As `FolderStore.sizes`."""
        manifest = self.find(ref)
        if manifest is None:
            return {}
        listed = {**self._bucket.below(ref), **self._bucket.below(_prefix(manifest))}
        return {path: about.size for path, about in listed.items()}

    def manifests(self, kind: type[AnyManifest]) -> Iterator[AnyManifest]:
        """As `FolderStore.manifests`."""
        yield from in_order(self._manifests.of(kind.kind).values(), kind)

    def refs(self, kind: type[Manifest]) -> Iterator[str]:
        """As `FolderStore.refs`."""
        yield from self._manifests.states(kind.kind)

    def view(self) -> ArtifactStore:
        """As `ports.ArtifactStore` says: each kind is listed once, and what this process has read is not read again."""
        return _View(self)

    def _find(self, ref: str) -> tuple[Manifest | None, str]:
        """Return the manifest and the ETag of its object."""
        manifest_type(ref)
        text, state = self._bucket.read_with_state(f"{ref}/{MANIFEST}")
        return (None if text is None else manifest_in(text, ref)), state

    def _swept(self, manifest: Manifest) -> Swept | None:
        text = self._bucket.read(f"{_prefix(manifest)}/{SWEPT}")
        return None if text is None else swept_in(text, manifest.ref)

    def _blanked(self, manifest: Manifest) -> Blanked | None:
        text = self._bucket.read(f"{_prefix(manifest)}/{BLANKED}")
        return None if text is None else blanked_in(text, manifest.ref)

    def _whole(self, ref: str) -> Manifest:
        manifest = self.find(ref)
        if manifest is None:
            raise NotFound(missing(ref))
        return manifest

    def _fetched(self, ref: str) -> tuple[Path, Swept | None]:
        """Return the artifact's folder in the cache, fetched and checked, and what was swept of it."""
        manifest = self._whole(ref)
        place = self._cached(ref, _prefix(manifest))
        if not place.is_dir():
            with full_disk_named(ref), private_folder(self.cache, ref) as private:
                self._bucket.download({f"{_prefix(manifest)}/{path}": private / path for path in manifest.digests})
                move(private, place)
        # Both are written before the files change, so they are read after the files.
        blanked, swept = self._blanked(manifest), self._swept(manifest)
        absent = swept.files if swept else ()
        for path in absent:
            (place / path).unlink(missing_ok=True)
        if blanked:
            left = {path: states[-1] for path, states in blanked.files.items() if path not in absent}
            self._refresh(manifest, place, left)
        try:
            digests.check(ref, place, manifest.digests, blanked, absent)
        except Damaged:
            shutil.rmtree(place, ignore_errors=True)  # a copy: what is put right in the store is fetched again
            if self.find(ref) != manifest:  # it was made again meanwhile
                return self._fetched(ref)
            raise
        if self._signer and not swept and manifest.kind in SIGNED:
            self._signer.check(ref, place, manifest.content())
        return place, swept

    def _refresh(self, manifest: Manifest, place: Path, erased: Mapping[str, str]) -> None:
        """Fetch the files again that this machine fetched before texts in them were erased. `erased`: path → digest."""
        here = {path: digest for path, digest in erased.items() if (place / path).exists()}
        stale = [path for path, digest in here.items() if digests.of_file(place / path) != digest]
        with private_folder(self.cache, manifest.ref) as private:
            self._bucket.download({f"{_prefix(manifest)}/{path}": private / path for path in stale})
            for path in stale:
                with suppress(FileNotFoundError):  # missing in the store too: the check of digests names it
                    (private / path).replace(place / path)

    def _publish(self, ref: str, text: str) -> bool:
        """Write the manifest, which makes the artifact exist, unless there is a whole one. Return whether it was.

        Of several writers that make a swept artifact again, one finds the manifest that they all have seen.
        """
        before, state = self._find(ref)
        if before is None:
            return self._bucket.create(f"{ref}/{MANIFEST}", text)
        if self._swept(before) is None or not self._bucket.replace(f"{ref}/{MANIFEST}", state, text):
            return False
        self._bucket.remove([f"{_prefix(before)}/{path}" for path in (*before.digests, *(BESIDE - {MANIFEST}))])
        shutil.rmtree(self._cached(ref, _prefix(before)), ignore_errors=True)
        return True

    def _remove(self, path: str) -> None:
        """Remove everything below a path."""
        self._bucket.remove([f"{path}/{name}" for name in self._bucket.below(path)])

    def _remove_others(self, ref: str, kept: str) -> None:
        """Remove what killed writers of this artifact uploaded."""
        before = datetime.now(UTC) - _GRACE
        uploads: dict[str, list[datetime]] = {}
        for path, about in self._bucket.below(f"files/{ref}").items():
            uploads.setdefault(path.partition("/")[0], []).append(about.changed)
        for name, changed in uploads.items():
            if f"files/{ref}/{name}" != kept and max(changed) < before:
                self._remove(f"files/{ref}/{name}")

    def _cached(self, ref: str, files: str) -> Path:
        return self.cache.joinpath(*parts(ref), files.rsplit("/", 1)[1])


class _View(ObjectStore):
    """`ObjectStore.view`."""

    def __init__(self, store: ObjectStore) -> None:
        vars(self).update(vars(store))
        self._of_kind = cache(self._manifests.of)

    def find(self, ref: str) -> Manifest | None:
        """As `FolderStore.find`, at the time of the listing."""
        return self._of_kind(manifest_type(ref).kind).get(ref)

    def manifests(self, kind: type[AnyManifest]) -> Iterator[AnyManifest]:
        """As `FolderStore.manifests`, at the time of the listing."""
        yield from in_order(self._of_kind(kind.kind).values(), kind)

    def refs(self, kind: type[Manifest]) -> Iterator[str]:
        """As `FolderStore.refs`, at the time of the listing. Manifests are read for it."""
        yield from self._of_kind(kind.kind)


def _prefix(manifest: Manifest) -> str:
    """Return the path of an artifact's files. One that was moved here from a folder has them beside its manifest."""
    return manifest.files or manifest.ref


def _files(folder: Path, prefix: str) -> dict[str, Path]:
    """Return path in the bucket → file of every file in a folder."""
    files = [Path(parent) / name for parent, _, names in os.walk(folder) for name in names]
    return {f"{prefix}/{file.relative_to(folder).as_posix()}": file for file in files}
