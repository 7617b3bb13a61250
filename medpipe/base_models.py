"""Where a recipe's base model lies. The trainer and the in-process generator load the same one."""

from __future__ import annotations

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
            "or set MEDPIPE_OFFLINE=false.")
    return base
