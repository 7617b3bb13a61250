"""Where a recipe's base model lies. The trainer and the in-process generator load the same one."""

from __future__ import annotations

import hashlib
from pathlib import Path

from medpipe.errors import MedpipeError


def locate(base: str, models: Path, offline: bool) -> str:
    """A local folder `models/base` if there is one, else the hub id itself; raises MedpipeError offline."""
    folder = models / base
    if (folder / "config.json").is_file():
        return str(folder)
    if offline:
        raise MedpipeError(
            f"base model {base!r}: no folder {folder} with a config.json, and hubs are not asked. "
            "Put the model there (`python -m medpipe.sandbox.tiny_base --out MODELS` makes the sandbox's), "
            "or set MEDPIPE_OFFLINE=false."
        )
    return base


def digest(base: str, models: Path) -> str:
    """SHA-256 over a local base's files, by name; for a base on a hub, its id.

    An adapter belongs to one base: a base that was rebuilt under the same name has another digest, so
    nothing that was trained or judged on the old one is taken for its own.
    """
    folder = models / base
    if not (folder / "config.json").is_file():
        return f"hub:{base}"
    seen = hashlib.sha256()
    for file in sorted((*folder.glob("*.safetensors"), *folder.glob("*.json"))):
        seen.update(file.name.encode())
        with file.open("rb") as content:
            seen.update(hashlib.file_digest(content, "sha256").digest())
    return seen.hexdigest()
