"""The ids that a pull is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from medpipe.errors import UsageError

LONGEST = 300
"""Characters of one id or search term: the longest in use, a curated record's, has fewer than a hundred."""
_SHOWN = 60


def distinct(ids: Sequence[str]) -> list[str]:
    """Return the ids in their order, each once.

    Raises UsageError for an id that is empty, longer than 300 characters, or has control characters.
    """
    for value in ids:
        if not value.strip() or len(value) > LONGEST or not value.isprintable():
            raise UsageError(
                f"{shown(value)} cannot be an id: it is empty, longer than {LONGEST} characters, or has control "
                "characters; correct --ids."
            )
    return list(dict.fromkeys(ids))


def shown(value: str) -> str:
    """Return what a user typed as a message shows it: quoted, escaped, at most 60 characters of it."""
    return repr(value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…")
