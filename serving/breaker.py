"""A circuit breaker for the engine (Nygard, "Release It!", 2007): after failures in a row it is left alone."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from serving.limits import Limits
from serving.problems import TryLater


class Breaker:
    """Closed while the engine answers. Open, it refuses at once; after some seconds one request tries the engine."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = monotonic) -> None:
        self._limits, self._clock = limits, clock
        self._failures = 0
        self._opened_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the engine is left alone."""
        return self._failures >= self._limits.breaker_failures

    def admit(self, tries: bool = True) -> None:
        """Raise Problem 503 while the engine is left alone. Else the caller tries it, and says how that ended.

        `tries`: False for a request that does not show whether the engine answers questions.
        """
        if not self.is_open:
            return
        if self._clock() - self._opened_at < self._limits.breaker_seconds:
            message = "the engine failed several times in a row and is left alone for some seconds; try again"
            raise TryLater("engine_unavailable", message, self._limits.retry_after_seconds)
        if tries:
            self._opened_at = self._clock()  # this request tries; the others wait for what it finds

    def succeeded(self) -> None:
        """Note that the engine answered a question, whatever it said."""
        self._failures = 0

    def failed(self) -> None:
        """Note that the engine did not answer."""
        self._failures += 1
        self._opened_at = self._clock()
