"""The name of a base model: a hub id or a folder, and behind an @ the revision of the hub that is meant.

`organisation/model@revision` is how the hub's own file paths write it (huggingface_hub's `HfFileSystem`). The revision
is a part of the name, so everything that tells two bases apart by their names also tells two revisions apart.
"""

from __future__ import annotations

import re

_NAME = r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?"
"""The form of a hub id. It cannot lead out of the folder of local models."""

_FORM = re.compile(rf"{_NAME}(?:@[A-Za-z0-9][\w.-]*)?", re.ASCII)


def is_base_name(text: str) -> bool:
    """Return whether a text has the form of a base's name."""
    return _FORM.fullmatch(text) is not None


def parted(base: str) -> tuple[str, str | None]:
    """Return the hub id or folder in a base's name, and its revision: a commit hash or a tag; None without one."""
    name, at, revision = base.partition("@")
    return name, revision if at else None
