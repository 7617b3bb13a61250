"""Artifacts for the contract tests of stores, and where they lie in an object store."""

from __future__ import annotations

from pathlib import Path

from medpipe.backends.artifacts import FolderStore
from medpipe.backends.artifacts.remote import ObjectStore
from medpipe.core.refs import ref
from tests.manifests import put

REF = ref("documents", "one")


def fill(store: FolderStore | ObjectStore, target: str, text: str = "row\n") -> None:
    put(store, target, lambda folder: (folder / "documents.jsonl").write_text(text))


def two_files(folder: Path) -> None:
    (folder / "documents.jsonl").write_text("row\n")
    (folder / "index.jsonl").write_text("index\n")


def below(store: ObjectStore, path: str) -> list[str]:
    return sorted(store._bucket.below(path))
