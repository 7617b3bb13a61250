"""DOIs as documents have them and as lists name them: they are compared, so both are written in one way."""

from __future__ import annotations

import re

_RESOLVER = re.compile(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", re.IGNORECASE)


def normalised(written: str) -> str:
    """Return a DOI in small letters, without spaces around it and without a resolver's address or `doi:` before it."""
    bare = written.strip()
    return (bare if bare.startswith("10.") else _RESOLVER.sub("", bare)).lower()
