"""What a run costs: time, the memory of all its processes, and the energy of the processor where it can be read."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path
from typing import NamedTuple

import psutil

from medpipe import records

_COUNTERS = Path("/sys/class/powercap")
"""Linux' counters of energy, in microjoules (docs.kernel.org/power/powercap/powercap.html)."""
_PERIOD = 2.0
"""Seconds between two looks at the memory."""


class Cost(NamedTuple):
    """What a run cost, or several that went on from one another."""

    seconds: float = 0.0
    """Wall time."""
    peak_gib: float = 0.0
    """The most memory of a run's process and its descendants at one look; shared pages count once."""
    joules: float | None = 0.0
    """Energy of the processor packages; None where the counters cannot be read, as in most virtual machines."""

    def and_then(self, later: Cost) -> Cost:
        """Return the cost of this run and of one that went on from it."""
        joules = None if self.joules is None or later.joules is None else self.joules + later.joules
        return Cost(self.seconds + later.seconds, max(self.peak_gib, later.peak_gib), joules)


class Usage:
    """Measures from its start to its end, as a context manager.

    `record`: a file of what earlier runs cost, to which this one is added at its end, however it ends.
    """

    def __init__(self, record: Path) -> None:
        self._record, self._peak_gib = record, 0.0
        self.cost = Cost()
        """What all runs of the record cost together, once this one has ended."""
        self._ended = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="memory", daemon=True)

    def __enter__(self) -> Usage:
        self._began, self._energy = time.monotonic(), _microjoules()
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._watcher.join()
        earlier = list(records.read_rows(self._record)) if self._record.exists() else []
        own = Cost(round(time.monotonic() - self._began, 1), self._peak_gib, self._joules())
        records.write_rows(self._record, [*earlier, own._asdict()])
        for cost in (*(Cost(**row) for row in earlier), own):
            self.cost = self.cost.and_then(cost)

    def _joules(self) -> float | None:
        began, ended = self._energy, _microjoules()
        if began is None or ended is None or ended < began:  # the counters wrap around
            return None
        return (ended - began) / 1e6

    def _watch(self) -> None:
        while not self._ended.wait(_PERIOD):
            self._peak_gib = max(self._peak_gib, _memory_gib())


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
