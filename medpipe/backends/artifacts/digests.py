"""Digests of an artifact's files: written with the manifest, and checked before anybody reads the files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Mapping
from pathlib import Path

from medpipe.backends.artifacts.manifest_file import BESIDE
from medpipe.core.manifests import Blanked
from medpipe.errors import Damaged

_Stamp = tuple[int, int, int, int]
_hashed: dict[str, tuple[_Stamp, str]] = {}
"""File → its stamp when this process hashed it, and its digest: an unchanged file is hashed once a process."""


def of_files(folder: Path) -> dict[str, str]:
    """Return path below the folder → SHA-256 of every file except the manifest and what stands beside it, by path."""
    files = [Path(parent) / name for parent, _, names in os.walk(folder) for name in names]
    paths = sorted(file.relative_to(folder).as_posix() for file in files)
    return {path: of_file(folder / path) for path in paths if path not in BESIDE}


def check(
    ref: str, folder: Path, expected: Mapping[str, str], blanked: Blanked | None = None, swept: Collection[str] = ()
) -> None:
    """Raise Damaged, which names each file, unless the folder has the files that the manifest names, byte for byte.

    `swept`: files that need not be there. `blanked`: files may also be as an erasure left them. As their verb wrote
    them, they pass too: an erasure that was killed is finished by its next run, and `verify` tells.
    """
    present = of_files(folder)
    erased = blanked.files if blanked else {}
    faults = [
        f"{path} {'is missing' if path not in present else 'was added' if path not in expected else 'was changed'}"
        for path in sorted(present.keys() | (expected.keys() - set(swept)))
        if present.get(path) not in (expected.get(path), *erased.get(path, ()))
    ]
    if faults:
        raise Damaged(
            f"{ref} is not what its verb made ({', '.join(faults)}): "
            "put back a copy, or remove that folder and run its verb again"
        )


def of_file(file: Path) -> str:
    """Return the SHA-256 of a file. An unchanged file is read once a process."""
    status = file.stat()
    # The time of the last change of the inode: unlike the modification time, no program can set it back.
    stamp = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    known = _hashed.get(str(file))
    if known and known[0] == stamp:
        return known[1]
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    _hashed[str(file)] = (stamp, digest)
    return digest
