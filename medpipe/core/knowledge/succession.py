"""Who was champion, and which versions must not be champion again: computed from the events of the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

_Entry = TypeVar("_Entry")

PROMOTED, ROLLED_BACK = "promoted", "rolled-back"
CHANGES = (PROMOTED, ROLLED_BACK)
"""Events that made their version the champion."""
BARRED, UNBARRED = "barred", "unbarred"
BARS = (BARRED, UNBARRED)
"""Events that forbid their version to become champion, and that lift this."""


def line(changes: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return the champions that a rollback can go back to, oldest first, and the champion in force last.

    `changes`: (event, version) of every event in `CHANGES`, oldest first. A rollback removes all champions after the
    one that it goes back to, those that it passed over too: none of them is gone back to later.
    """
    champions: list[str] = []
    for event, version in changes:
        if event == ROLLED_BACK and version in champions:
            del champions[champions.index(version) + 1 :]
        else:
            champions = [*(champion for champion in champions if champion != version), version]
    return tuple(champions)


def barred(bars: Iterable[tuple[str, str, _Entry]]) -> dict[str, _Entry]:
    """Return each barred version with what barred it. `bars`: (event, version, entry) of `BARS`, oldest first."""
    by_version: dict[str, _Entry] = {}
    for event, version, entry in bars:
        if event == BARRED:
            by_version[version] = entry
        else:
            by_version.pop(version, None)
    return by_version
