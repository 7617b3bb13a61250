"""The keys that sign ids of answers: of MEDPIPE_SIGNING_KEY, else the one that a gateway made under MEDPIPE_HOME."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from medpipe import owner_only

_FILE = "signing.key"

SHORTEST = 32
"""Characters. Words of a setting are keys of their own where each has at least as many: generated keys do, the words of
a phrase do not, and the first of them must not sign alone."""


def known(stated: str, home: Path) -> tuple[bytes, ...]:
    """Return the keys, the one that signs first; none where none is stated and no gateway has made one.

    `stated`: MEDPIPE_SIGNING_KEY, keys with spaces between them, or a phrase, which is one key. The whole text is one
    more, the last: an earlier release signed with it, spaces, line end and all.
    """
    file = home / _FILE
    if not stated.strip():
        owner_only.mend(file)
        return (file.read_bytes(),) if file.exists() else ()
    words = stated.split()
    keys = words if all(len(word) >= SHORTEST for word in words) else []
    return tuple(dict.fromkeys(key.encode() for key in (*keys, stated.strip(), stated)))


def made(stated: str, home: Path) -> tuple[bytes, ...]:
    """Return the keys, after making one under `home`, readable by its owner alone, if there is none."""
    if keys := known(stated, home):
        return keys
    home.mkdir(parents=True, exist_ok=True)
    draft = home / f"{_FILE}.{secrets.token_hex(8)}"
    _write_private(draft, secrets.token_hex(32))
    with suppress(FileExistsError):
        os.link(draft, home / _FILE)  # atomic, and never over the key of another process
    draft.unlink()
    return known(stated, home)


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
