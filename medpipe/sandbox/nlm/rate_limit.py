"""Counts each client's requests within a sliding window of time, as NLM's services do."""

from __future__ import annotations

import threading
import time
from collections import deque


class RateLimit:
    """Refuses requests above a limit within the last `seconds`.

    `refused_count`: whether refused requests count too. E-utilities was seen to count them.
    """

    def __init__(self, seconds: float, refused_count: bool) -> None:
        self._seconds = seconds
        self._refused_count = refused_count
        self._times = dict[str, deque[float]]()
        self._lock = threading.Lock()

    def excess(self, client: str, limit: int) -> int:
        """Register a request; return 0 if it is within the limit, else the number of requests in the window."""
        with self._lock:
            times, now = self._times.setdefault(client, deque()), time.monotonic()
            while times and times[0] < now - self._seconds:
                times.popleft()
            allowed = len(times) < limit
            if allowed or self._refused_count:
                times.append(now)
            return 0 if allowed else max(len(times), limit + 1)
