"""MD5 sums as NLM publishes them beside its files. They find damage; they do not prove an origin."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from medpipe.errors import SourceError

_PIECE = 1 << 20
"""Bytes of one read."""
_MD5 = re.compile(r"\b([0-9a-fA-F]{32})\b")


def md5_in(content: str, where: str) -> str:
    """Return the sum in an `.md5` file, in lower case: `MD5(name)= hex` as NLM writes it, or `hex  name`.

    `where` is the file's name or address, for messages. Raises SourceError when the file has no sum.
    """
    match = _MD5.search(content)
    if match is None:
        raise SourceError(f"{where}: has no MD5 sum ({len(content)} characters); try again later.")
    return match.group(1).lower()


def md5_of(path: Path) -> str:
    """Return the MD5 sum of a file, in lower case."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
