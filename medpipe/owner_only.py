"""Files and folders that only their owner may read: what people wrote, keys, and what proves that nothing changed.

The process's umask is left alone, because other files are for others: an engine reads adapters under its own user.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from medpipe.errors import UsageError

FILE, FOLDER = 0o600, 0o700
_OTHERS = 0o077


def file(path: Path) -> None:
    """Make an empty file if there is none, and take it from group and others. Raises UsageError as `mend` does."""
    if not path.exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, FILE))
    mend(path)


def folder(path: Path) -> None:
    """Make a folder, with those above it, and take it from group and others. Raises UsageError as `mend` does."""
    path.mkdir(mode=FOLDER, parents=True, exist_ok=True)
    mend(path)


def mend(path: Path) -> None:
    """Take what others may do with a file or a folder, if it exists; releases up to 0.1.0 let others read.

    Raises UsageError when it belongs to somebody else: a file that others can read would stay so unnoticed.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & _OTHERS:
            path.chmod(mode & ~_OTHERS)
    except FileNotFoundError:
        return
    except PermissionError as error:
        raise UsageError(
            f"{path} can be read by others and belongs to another user: run `chmod go-rwx {path}` as its owner"
        ) from error
