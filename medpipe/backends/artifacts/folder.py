"""Artifacts in one folder of a local or shared POSIX file system."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from medpipe import owner_only
from medpipe.backends.artifacts import digests, unfinished
from medpipe.backends.artifacts.manifest_file import (
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
from medpipe.backends.artifacts.unfinished import Folder
from medpipe.core.manifests import BLANKABLE, SIGNED, AnyManifest, Blanked, Inputs, Manifest, Swept, manifest_type
from medpipe.core.refs import kind_of
from medpipe.errors import NotFound
from medpipe.ports import Signer


class FolderStore:
    """`medpipe.ports.ArtifactStore`: an artifact is the folder `root/kind/name`."""

    def __init__(self, root: Path, signer: Signer | None = None) -> None:
        """`signer`: signs weights when they are written, and checks them when they are read."""
        self.root = root
        self._signer = signer
        for kind in BLANKABLE:
            owner_only.mend(root / kind)

    def find(self, ref: str) -> Manifest | None:
        """Return the manifest of a whole artifact, or None. Raises UsageError (not a ref) and Damaged."""
        manifest_type(ref)
        return _manifest_at(self._place(ref), ref)

    def folder(self, ref: str) -> Path:
        """Return the artifact's folder, after checking its files. Raises NotFound without a manifest, and as `find`.

        A file that this process has hashed is hashed again only when it has changed.
        """
        place = self.remains(ref)
        if self.swept(ref):
            raise NotFound(gone(ref))
        return place

    def remains(self, ref: str) -> Path:
        """As `folder`, also when files were swept. What is left is checked."""
        manifest = self.find(ref)
        if manifest is None:
            raise NotFound(missing(ref))
        swept = self.swept(ref)
        digests.check(ref, self._place(ref), manifest.digests, self.blanked(ref), swept.files if swept else ())
        if self._signer and not swept and manifest.kind in SIGNED:
            self._signer.check(ref, self._place(ref), manifest.content())
        return self._place(ref)

    @contextmanager
    def write(self, ref: str, verb: str, inputs: Inputs) -> Iterator[Folder]:
        """Yield a private folder, then move it into place. If another writer was faster, its equal artifact stays.

        An error inside the block leaves nothing behind and is raised on; a full disk is raised as MedpipeError.
        """
        place = self._place(ref)
        if kind_of(ref) in BLANKABLE:  # what people wrote
            owner_only.folder(place.parent)
        with unfinished.full_disk_named(ref), unfinished.private_folder(self.root, ref) as private:
            draft = Folder(private)
            yield draft
            unfinished.flush(private)
            if self._signer and kind_of(ref) in SIGNED:
                self._signer.sign(private)
            text = text_of(ref, verb, inputs, draft.outcome, self.find, digests.of_files(private))
            unfinished.write_flushed(private / MANIFEST, text)
            unfinished.flush_folder(private)
            unfinished.move(private, place, whole=lambda: self._is_whole(ref))

    def blanked(self, ref: str) -> Blanked | None:
        """Return what was erased of an artifact; None when nothing was. Raises Damaged, as `find` does."""
        try:
            text = (self._place(ref) / BLANKED).read_bytes()
        except FileNotFoundError:
            return None
        return blanked_in(text, ref)

    def blank(self, ref: str, files: Mapping[str, Path], record: Callable[[Blanked], None]) -> None:
        """Replace files of an artifact by those in which texts are erased, as `ports.ArtifactStore` says."""
        states = {path: digests.of_file(file) for path, file in files.items()}
        after = blanked_next(ref, self.blanked(ref), states)
        record(after)
        place = self._place(ref)
        with unfinished.full_disk_named(ref), unfinished.private_folder(self.root, ref) as private:
            for path, file in files.items():
                (private / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, private / path)
            (private / BLANKED).write_text(after.model_dump_json(), encoding="utf-8")
            unfinished.flush(private)
            for path in (BLANKED, *files):  # until it is there, a changed file is a damaged one
                (private / path).replace(place / path)
            unfinished.flush_folder(place)

    def swept(self, ref: str) -> Swept | None:
        """Return which files of an artifact were swept; None when none was. Raises Damaged, as `find` does."""
        try:
            text = (self._place(ref) / SWEPT).read_bytes()
        except FileNotFoundError:
            return None
        return swept_in(text, ref)

    def strip(self, ref: str, files: Collection[str]) -> None:
        """Remove files as `ports.ArtifactStore` says: no file is missing that `SWEPT` does not name."""
        if self.find(ref) is None:
            raise NotFound(missing(ref))
        place = self._place(ref)
        after = swept_next(ref, self.swept(ref), files)
        with unfinished.private_folder(self.root, ref) as private:
            unfinished.write_flushed(private / SWEPT, after.model_dump_json())
            (private / SWEPT).replace(place / SWEPT)
            unfinished.flush_folder(place)
            for number, path in enumerate(path for path in after.files if (place / path).exists()):
                (place / path).rename(private / str(number))
        for folder in sorted({(place / path).parent for path in after.files}, reverse=True):
            if folder != place and folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()

    def remove(self, ref: str) -> None:
        """Remove an artifact: it is renamed away in one step, and then deleted."""
        with unfinished.private_folder(self.root, ref) as private:
            try:
                self._place(ref).rename(private / "removed")
            except FileNotFoundError:
                return
            unfinished.flush_folder(self._place(ref).parent)

    def sizes(self, ref: str) -> Mapping[str, int]:
        """Return path → bytes of each file of an artifact, the manifest included."""
        place = self._place(ref)
        files = [file for file in place.rglob("*") if file.is_file()]
        return {file.relative_to(place).as_posix(): file.stat().st_size for file in files}

    def manifests(self, kind: type[AnyManifest]) -> Iterator[AnyManifest]:
        """Yield every whole artifact of a kind, oldest first; equal times are ordered by ref."""
        yield from in_order(map(self.find, self.refs(kind)), kind)

    def refs(self, kind: type[Manifest]) -> Iterator[str]:
        """Yield the ref of every artifact of a kind that has a manifest, sorted. No manifest is read."""
        places = sorted((self.root / kind.kind).glob(f"*/{MANIFEST}"))
        yield from (f"{kind.kind}/{place.parent.name}" for place in places)

    def view(self) -> FolderStore:
        """Return this store: in a file system a manifest is read in no time."""
        return self

    def _is_whole(self, ref: str) -> bool:
        return self.find(ref) is not None and self.swept(ref) is None

    def _place(self, ref: str) -> Path:
        return self.root.joinpath(*parts(ref))


def _manifest_at(place: Path, ref: str) -> Manifest | None:
    try:
        text = (place / MANIFEST).read_bytes()
    except FileNotFoundError:
        return None
    return manifest_in(text, ref)
