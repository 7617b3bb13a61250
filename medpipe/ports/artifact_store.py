"""The store of artifacts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel

from medpipe.core.manifests import AnyManifest, Blanked, Inputs, Manifest, Swept


class Draft(Protocol):
    """An artifact that is being written. None of it can be read until the `with` block ends without an error."""

    path: Path
    """The private folder to fill."""

    def conclude(self, outcome: BaseModel) -> None:
        """Set the outcome that the manifest will have. Call it once, with the outcome model of the ref's kind."""


class ArtifactStore(Protocol):
    """Content-addressed folders, each with a manifest that is written last.

    Every method raises UsageError for a string that is not a ref, and Damaged for a manifest that cannot be read.
    """

    def find(self, ref: str) -> Manifest | None:
        """Return the manifest of a whole artifact, or None. Its class is that of the ref's kind."""

    def folder(self, ref: str) -> Path:
        """Return the whole artifact's folder on this machine.

        Raises NotFound when there is no manifest or files were swept, and Damaged when a file is not as its verb wrote
        it.
        """

    def remains(self, ref: str) -> Path:
        """Return the folder as `folder` does, also when files were swept: for readers of what stays (`REMAINS`)."""

    def write(self, ref: str, verb: str, inputs: Inputs) -> AbstractContextManager[Draft]:
        """Yield a private folder to fill. On leaving, it is moved into place; the manifest is written last."""

    def blanked(self, ref: str) -> Blanked | None:
        """Return what was erased of an artifact; None when it is as its verb wrote it."""

    def blank(self, ref: str, files: Mapping[str, Path], record: Callable[[Blanked], None]) -> None:
        """Replace files of an artifact by others, in which a person's texts are erased. The manifest stays.

        `files`: path below the artifact's folder → file to copy. `record` is called with what `blanked` will return,
        before anything is replaced. A run that was killed is finished by the same call. Raises UsageError for a kind of
        artifact in which no person's text can be.
        """

    def swept(self, ref: str) -> Swept | None:
        """Return which files of an artifact were removed; None when none was. Writing it again makes it whole."""

    def strip(self, ref: str, files: Collection[str]) -> None:
        """Remove files of an artifact; the manifest stays. A run that was killed is finished by the same call.

        Raises NotFound when there is no manifest.
        """

    def remove(self, ref: str) -> None:
        """Remove an artifact with its manifest: at once for readers, then from the disk. Does nothing without one.

        A run that was killed leaves nothing, or what the same call removes.
        """

    def sizes(self, ref: str) -> Mapping[str, int]:
        """Return path → bytes of each file that an artifact has, the manifest included; nothing without an artifact."""

    def manifests(self, kind: type[AnyManifest]) -> Iterator[AnyManifest]:
        """Yield the manifest of every whole artifact of a kind, oldest first."""

    def refs(self, kind: type[Manifest]) -> Iterator[str]:
        """Yield the ref of every artifact of a kind that has a manifest, readable or not, sorted."""

    def view(self) -> ArtifactStore:
        """Return this store for readers of many manifests, such as a page: what it shows may be as old as the view."""
