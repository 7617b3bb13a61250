"""A home's corpus, artifacts and heads of chains, and what of them the object store has already."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from medpipe.backends.artifacts import FolderStore
from medpipe.backends.artifacts.manifest_file import BLANKED, MANIFEST
from medpipe.backends.heads_file import HeadsFile
from medpipe.backends.heads_objects import HeadsObjects
from medpipe.bucket import Bucket
from medpipe.core.batches import batched
from medpipe.core.chain import Head
from medpipe.core.manifests import MANIFESTS
from medpipe.errors import ConfigError
from medpipe.ports import Part, Progress

_LOG = "_delta_log/"
_COMMIT = re.compile(_LOG + r"\d{20}\.json")
_TOGETHER = 256
"""Files that are uploaded between two reports of progress."""


class _Files(NamedTuple):
    """Files to upload, each to its path in a bucket: many at a time, or one after the other."""

    what: str
    bucket: Bucket
    files: Mapping[str, Path]
    together: int = _TOGETHER


class _Lacking(NamedTuple):
    """What the store lacks."""

    steps: Sequence[_Files]
    """In the order in which they are copied."""
    heads: Sequence[tuple[str, Head]]
    """With the names of their chains. They come last."""
    parts: Sequence[Part]


class HomeCopy:
    """`medpipe.ports.HomeCopy`. What is in the store already is not copied again."""

    def __init__(self, home: Path, address: str) -> None:
        """`address`: such as `s3://bucket/prefix`."""
        self._home = home
        self._artifacts = Bucket(f"{address}/artifacts")
        self._table = Bucket(f"{address}/corpus")
        self._heads = HeadsObjects(f"{address}/heads")

    def missing(self) -> Sequence[Part]:
        """Return what the store lacks, as `ports.HomeCopy` says."""
        return self._lacking().parts

    def copy(self, progress: Progress) -> Sequence[Part]:
        """Copy what the store lacks, as `ports.HomeCopy` says."""
        lacking = self._lacking()
        every, done = sum(map(_size, lacking.steps)) or 1, 0
        for step in lacking.steps:
            for paths in batched(step.files, step.together):
                part = {path: step.files[path] for path in paths}
                progress(done / every, f"copying {step.what}: {done / 1e6:,.0f} of {every / 1e6:,.0f} MB")
                step.bucket.upload(part)
                done += _size(step._replace(files=part))
        for name, head in lacking.heads:
            self._heads.keep(name, head)
        return lacking.parts

    def _lacking(self) -> _Lacking:
        table = self._missing_table()  # first: nothing is copied into the store of another corpus
        (files, manifests), heads = self._missing_artifacts(), self._missing_heads()
        parts = (
            Part("artifacts", len(manifests.files), _size(files) + _size(manifests)),
            Part("table", sum(len(step.files) for step in table), sum(map(_size, table))),
            Part("heads", len(heads), 0),
        )
        return _Lacking((files, manifests, *table), heads, parts)

    def _missing_artifacts(self) -> tuple[_Files, _Files]:
        """Return the files of artifacts whose manifest, or erasure of texts, is missing, and these manifests."""
        folder = self._home / "artifacts"
        store, present = FolderStore(folder), self._artifacts.below("")
        refs = chain.from_iterable(store.refs(kind) for kind in MANIFESTS.values())
        manifests = {f"{ref}/{MANIFEST}": folder / ref / MANIFEST for ref in refs}
        manifests = {
            path: manifest
            for path, manifest in manifests.items()
            if path not in present or (_erased(manifest) and f"{path.removesuffix(MANIFEST)}{BLANKED}" not in present)
        }
        files = {
            file.relative_to(folder).as_posix(): file
            for manifest in manifests.values()
            for file in manifest.parent.rglob("*")
            if file.is_file() and file != manifest
        }
        # A killed run may have copied a file in which texts were erased since then.
        erased = {file.parent for file in files.values() if file.name == BLANKED}
        same = {path for path, file in files.items() if path in present and present[path].size == file.stat().st_size}
        done = {path for path in same if erased.isdisjoint(files[path].parents)}
        files = {path: file for path, file in files.items() if path not in done}
        return _Files("artifacts", self._artifacts, files), _Files("artifacts", self._artifacts, manifests)

    def _missing_table(self) -> list[_Files]:
        """Return the data files, the commits in their order, and what else is in the log."""
        folder, present = self._home / "corpus", self._table.below("")
        files = {file.relative_to(folder).as_posix(): file for file in sorted(folder.rglob("*")) if file.is_file()}
        commits = sorted(filter(_COMMIT.fullmatch, present.keys()))
        both = [path for path in commits if path in files]
        # The newest commit in both places has the digest of what all before it made.
        ends = (both[0], both[-1]) if both else ()
        if commits and (not both or any(self._table.read(path) != files[path].read_bytes() for path in ends)):
            raise ConfigError(
                f"{self._table.address} has another corpus than {folder}: nothing was copied. Name another prefix"
            )
        lacking = {path: file for path, file in files.items() if path not in present}
        data = {path: file for path, file in lacking.items() if not path.startswith(_LOG)}
        log = {path: file for path, file in lacking.items() if _COMMIT.fullmatch(path)}
        rest = {path: file for path, file in lacking.items() if path not in data.keys() | log.keys()}
        return [
            _Files("the corpus table", self._table, data),
            _Files("commits of the corpus table", self._table, log, together=1),
            _Files("the corpus table", self._table, rest),
        ]

    def _missing_heads(self) -> list[tuple[str, Head]]:
        here = HeadsFile(self._home / "heads.jsonl")
        return [
            (name, head) for name in here.chains() for head in sorted({*here.kept(name)} - {*self._heads.kept(name)})
        ]


def _erased(manifest: Path) -> bool:
    return manifest.with_name(BLANKED).exists()


def _size(step: _Files) -> int:
    return sum(file.stat().st_size for file in step.files.values())
