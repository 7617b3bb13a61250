"""What a gateway does in the background: follow a table of the database, and report how far it has come."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any

from serving.limits import Limits


class Following(ABC):
    """Follows a table on the gateway's event loop, from `start` to `stop`. A failed turn is logged and tried again."""

    def __init__(self, what: str, limits: Limits, log: logging.Logger) -> None:
        """`what`: names the table in warnings: "cannot … just now"."""
        self._what, self._limits, self._log = what, limits, log
        self._task: asyncio.Task[None] | None = None
        self._reported: Any = None
        self._reported_at = 0.0

    async def start(self) -> None:
        """Read the table and begin to follow it."""
        with suppress(Exception):
            await self.refresh()
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Stop following."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    @abstractmethod
    async def refresh(self) -> object:
        """Read the table now."""

    @abstractmethod
    async def _turn(self) -> None:
        """Read the table, and do what follows from it."""

    async def _report(self, report: object, store: Callable[[], None]) -> None:
        """Store how far this gateway has come: at once when that changes, else every few seconds."""
        if report == self._reported and monotonic() - self._reported_at < self._limits.heartbeat_seconds:
            return
        await asyncio.to_thread(store)
        self._reported, self._reported_at = report, monotonic()

    async def _follow(self) -> None:
        while True:
            try:
                await self._turn()
            except Exception as error:
                self._log.warning("cannot %s just now: %s", self._what, type(error).__name__)
            await asyncio.sleep(self._limits.poll_seconds)
