"""The current day of the sandbox. Files of later days are not published yet."""

from __future__ import annotations

import json
import threading
from datetime import date
from pathlib import Path

from medpipe.sandbox.world import DAYS


class Calendar:
    """The current day, kept in a file (`{"day": 1}`) so that a restarted server continues on the same day."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._day = self._read()

    @property
    def day(self) -> int:
        """The number of the current day."""
        return self._day

    @property
    def date(self) -> date:
        """The date of the current day."""
        return DAYS[self._day]

    def days(self) -> list[int]:
        """Return the days whose files are published, oldest first."""
        return [day for day in sorted(DAYS) if day <= self._day]

    def move(self, day: int) -> None:
        """Make `day` the current day; raises ValueError for a day that the calendar does not have."""
        if day not in DAYS:
            raise ValueError(f"no day {day}; the calendar has {', '.join(map(str, sorted(DAYS)))}")
        with self._lock:
            self._day = day
            if self._file is not None:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._file.write_text(json.dumps({"day": day}))

    def _read(self) -> int:
        if self._file is None or not self._file.exists():
            return min(DAYS)
        day = json.loads(self._file.read_text())["day"]
        if day not in DAYS:
            raise ValueError(f"{self._file}: no day {day!r}; remove the file")
        return int(day)
