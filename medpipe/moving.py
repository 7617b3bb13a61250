"""Copies a home's corpus, artifacts and heads of chains into the object store that MEDPIPE_STORAGE names.

    python -m medpipe.moving

Nothing may write to the home meanwhile, and it stays as it is. What is in the store already is not copied again: a run
that was killed is finished by the next one.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from medpipe import object_storage
from medpipe.core.manifests import MANIFESTS
from medpipe.errors import ConfigError, MedpipeError, exit_status
from medpipe.settings import Settings

_COMMIT = re.compile(r"_delta_log/\d{20}\.json")


def move(home: Path, address: str) -> str:
    """Copy, and return in words what was not there before.

    Raises ConfigError where the store has another corpus, Damaged for heads that cannot be read, and the errors of
    `object_storage.plain_errors`.
    """
    object_storage.check(address)
    artifacts = _artifacts(home / "artifacts", f"{address}/artifacts")
    table = _table(home / "corpus", f"{address}/corpus")
    heads = _heads(home / "heads.jsonl", f"{address}/heads")
    return f"copied to {address}: {artifacts} artifacts, {table} files of the corpus table, {heads} heads of chains"


def _artifacts(folder: Path, address: str) -> int:
    """Copy each artifact as it is, its manifest last, and return how many were copied."""
    from medpipe.backends.artifacts import FolderStore
    from medpipe.backends.artifacts.manifest_file import MANIFEST
    from medpipe.bucket import Bucket

    bucket, store = Bucket(address), FolderStore(folder)
    present = bucket.below("")
    refs = [ref for kind in MANIFESTS.values() for ref in store.refs(kind)]
    manifests = {f"{ref}/{MANIFEST}": folder / ref / MANIFEST for ref in refs if f"{ref}/{MANIFEST}" not in present}
    files = {
        file.relative_to(folder).as_posix(): file
        for manifest in manifests.values()
        for file in manifest.parent.rglob("*")
        if file.is_file() and file != manifest
    }
    # A killed run may have copied a file in which texts were erased since then.
    same = {path for path, file in files.items() if path in present and present[path].size == file.stat().st_size}
    bucket.upload({path: file for path, file in files.items() if path not in same})
    bucket.upload(manifests)
    return len(manifests)


def _table(folder: Path, address: str) -> int:
    """Copy the corpus table, its log last, and return the number of files."""
    from medpipe.bucket import Bucket

    bucket = Bucket(address)
    present = bucket.below("")
    files = {file.relative_to(folder).as_posix(): file for file in sorted(folder.rglob("*")) if file.is_file()}
    commits = sorted(filter(_COMMIT.fullmatch, present.keys()))
    both = [path for path in commits if path in files]
    # The newest commit in both places has the digest of what all before it made.
    if commits and (not both or any(bucket.read(path) != files[path].read_bytes() for path in (both[0], both[-1]))):
        raise ConfigError(f"{address} has another corpus than {folder}: nothing of it was copied. Name another prefix")
    missing = {path: file for path, file in files.items() if path not in present}
    for log in (False, True):
        bucket.upload({path: file for path, file in missing.items() if path.startswith("_delta_log") is log})
    return len(missing)


def _heads(file: Path, address: str) -> int:
    """Copy the heads, and return how many."""
    from medpipe.backends.heads_file import HeadsFile
    from medpipe.backends.heads_objects import HeadsObjects

    here, there = HeadsFile(file), HeadsObjects(address)
    missing = [(chain, head) for chain in here.chains() for head in {*here.kept(chain)} - {*there.kept(chain)}]
    for chain, head in missing:
        there.keep(chain, head)
    return len(missing)


def main() -> int:
    """Copy from MEDPIPE_HOME to MEDPIPE_STORAGE; return an exit status of `errors`."""
    argparse.ArgumentParser(
        prog="python -m medpipe.moving", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    try:
        settings = Settings()
        if not settings.storage:
            raise ConfigError("MEDPIPE_STORAGE is not set: it says where to copy to, such as s3://bucket/prefix")
        print(move(settings.home, settings.storage))
    except MedpipeError as error:
        print(f"medpipe.moving: {error}", file=sys.stderr)
        return exit_status(error)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
