"""A rate limit that all processes of one machine keep together: NLM counts requests by address, not by process."""

from __future__ import annotations

import time
from pathlib import Path

from filelock import FileLock

_CLOCK_SET_BACK = 60
"""Seconds. A next turn further ahead than this was written before the clock was set back. It does not count."""


class Pace:
    """At most `per_second` turns a second among all processes that use the same folder.

    The folder keeps the moment of the next free turn. It is locked only while a turn is taken, not while a
    process waits for its turn.
    """

    def __init__(self, folder: Path, per_second: float) -> None:
        self._folder = folder
        self._gap = 1 / per_second

    def wait(self) -> None:
        """Take the next free turn, and sleep until it comes."""
        self._folder.mkdir(parents=True, exist_ok=True)
        turn = self._folder / "next-turn"
        with FileLock(self._folder / "next-turn.lock", timeout=60):
            now = time.time()
            free = _read(turn)
            mine = free if now < free < now + _CLOCK_SET_BACK else now
            turn.write_text(repr(mine + self._gap))
        time.sleep(max(0.0, mine - now))


def _read(turn: Path) -> float:
    """Return the moment of the next free turn, in seconds since 1970; 0 when the file is missing or damaged."""
    try:
        return float(turn.read_text())
    except (FileNotFoundError, ValueError):
        return 0.0
