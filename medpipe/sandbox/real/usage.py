"""What a run costs: the memory of all its processes, and the energy of the processor where it can be read."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

import psutil

_COUNTERS = Path("/sys/class/powercap")
"""Linux' counters of energy, in microjoules (docs.kernel.org/power/powercap/powercap.html)."""
_PERIOD = 2.0
"""Seconds between two looks at the memory."""


class Usage:
    """Measures from its start to its end, as a context manager."""

    def __init__(self) -> None:
        self.peak_gib = 0.0
        """The most memory of this process and its descendants at one look; shared pages count once."""
        self.joules: float | None = None
        """Energy of the processor packages; None where the counters cannot be read, as in most virtual machines."""
        self._ended = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="memory", daemon=True)

    def __enter__(self) -> Usage:
        self._began = _microjoules()
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._watcher.join()
        ended = _microjoules()
        if self._began is not None and ended is not None and ended >= self._began:  # the counters wrap around
            self.joules = (ended - self._began) / 1e6

    def _watch(self) -> None:
        while not self._ended.wait(_PERIOD):
            self.peak_gib = max(self.peak_gib, _memory_gib())


def _memory_gib() -> float:
    here, total = psutil.Process(), 0
    for process in (here, *here.children(recursive=True)):
        with contextlib.suppress(psutil.Error, OSError):
            total += process.memory_full_info().pss
    return total / 2**30


def _microjoules() -> int | None:
    try:
        counters = [int(path.read_text()) for path in sorted(_COUNTERS.glob("intel-rapl:?/energy_uj"))]
    except (OSError, ValueError):
        return None
    return sum(counters) if counters else None
