"""The checkpoints of a training: which of them are whole, so that a killed run can go on from one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

_WHOLE = "whole.json"
"""The last file of a checkpoint: the sizes of the others. Without it, or with other sizes, a checkpoint is torn."""


def mark_whole(checkpoint: Path) -> None:
    """Record the sizes of a checkpoint's files in a file that is written last."""
    draft = checkpoint / f".{_WHOLE}"
    draft.write_text(json.dumps(_sizes(checkpoint)), encoding="utf-8")
    draft.rename(checkpoint / _WHOLE)


def last_whole_checkpoint(work: Path) -> Path | None:
    """Return the newest whole checkpoint; None without one. Removes newer, torn ones: no run may resume from them."""
    newest_first = sorted(work.glob("checkpoint-*"), key=lambda folder: -int(folder.name.rpartition("-")[2]))
    for checkpoint in newest_first:
        marker = checkpoint / _WHOLE
        if marker.is_file() and json.loads(marker.read_text(encoding="utf-8")) == _sizes(checkpoint):
            return checkpoint
        shutil.rmtree(checkpoint)
    return None


def _sizes(folder: Path) -> dict[str, int]:
    """Return path → bytes of a checkpoint's files, without the marker."""
    files: Iterable[Path] = (path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): path.stat().st_size
        for path in sorted(files)
        if path.name not in (_WHOLE, f".{_WHOLE}")
    }
