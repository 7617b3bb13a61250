"""The folder of a demo's state, which a demo empties: only if a demo made it."""

from __future__ import annotations

import shutil
from pathlib import Path

from medpipe.errors import UsageError

MARKER = ".medpipe-demo"
"""The file by which a demo knows a folder as its own."""


def refuse_foreign(folder: Path) -> None:
    """Raise UsageError for a folder with files in it that no demo made."""
    if folder.is_file():
        raise UsageError(f"--var {folder} is a file: name a folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARKER).is_file():
        raise UsageError(
            f"--var {folder} is not empty, and the demo did not make it (it has no {MARKER}): the demo would delete "
            "everything in it. Nothing was deleted. Name another folder, empty this one yourself, or put an empty file "
            f"{MARKER} into it if a demo of an earlier version made it"
        )


def emptied(folder: Path) -> None:
    """Make a demo's folder, without anything in it but the marker. Raises UsageError as `refuse_foreign` does."""
    refuse_foreign(folder)
    shutil.rmtree(folder, ignore_errors=True)
    mark(folder)


def mark(folder: Path) -> None:
    """Make a folder if it is not there, and mark it as a demo's."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).touch()
