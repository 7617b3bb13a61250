"""Who was champion, and which versions must not be champion again: computed from the events of the ledger."""

from __future__ import annotations

from collections.abc import Iterable

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


def barred(bars: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    """Return each barred version with the reason. `bars`: (event, version, reason) of `BARS`, oldest first."""
    reasons: dict[str, str] = {}
    for event, version, reason in bars:
        if event == BARRED:
            reasons[version] = reason
        else:
            reasons.pop(version, None)
    return reasons
