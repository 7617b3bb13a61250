"""A pace that all processes of one machine keep together: NLM counts requests by address, not by process."""

from __future__ import annotations

import time
from pathlib import Path

from filelock import FileLock


class Pace:
    """At most `per_second` turns a second among everybody who uses the same folder.

    The folder keeps the moment of the next free turn; a lock is held only while a turn is taken, not while
    waiting for it.
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
            # A moment far ahead is a clock that was set back, not a queue.
            mine = free if now < free < now + 60 else now
            turn.write_text(repr(mine + self._gap))
        time.sleep(max(0.0, mine - now))


def _read(turn: Path) -> float:
    try:
        return float(turn.read_text())
    except (FileNotFoundError, ValueError):
        return 0.0
