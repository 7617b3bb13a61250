"""Turns at the engine: so many requests at a time, so many that wait, and no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from serving.limits import Limits
from serving.problems import TryLater


class Turns:
    """A bounded queue in front of the engine. Refusals and emergency replies do not pass it.

    A turn lasts until the answer is recorded: else the records of an engine that is faster than the disk would pile up.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._free = asyncio.Semaphore(limits.engine_requests)
        self.waiting = 0
        """Requests that wait for their turn now."""
        self.turned_away = 0
        """Requests that were told to come later, since the start."""

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and keep it while the block runs.

        Raises Problem 503 at once when too many wait already, and after `Limits.waiting_seconds` without a turn.
        """
        if self._free.locked() and self.waiting >= self._limits.waiting_requests:
            raise self._too_many()
        self.waiting += 1
        try:
            async with asyncio.timeout(self._limits.waiting_seconds):
                await self._free.acquire()
        except TimeoutError as error:
            raise self._too_many() from error
        finally:
            self.waiting -= 1
        try:
            yield
        finally:
            self._free.release()

    def _too_many(self) -> TryLater:
        self.turned_away += 1
        message = "too many questions are waiting; try again in some seconds"
        return TryLater("overloaded", message, self._limits.retry_after_seconds)
