"""Follows which index of sources is published, and opens it beside the event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from time import monotonic
from typing import NamedTuple

from medpipe.errors import MedpipeError
from medpipe.ports import PublishedIndexes, SourceIndex
from serving.following import Following
from serving.limits import Limits

_log = logging.getLogger("serving.index_follower")

_AGAIN_SECONDS = 5.0
"""Pause before an index that could not be opened is tried again: its files are hashed each time."""


class OpenIndex(NamedTuple):
    """An index that answers are cited from."""

    ref: str
    passages: SourceIndex


class IndexFollower(Following):
    """The gateway's view of the published index. It runs on one event loop, so nothing is locked.

    A request takes `current` once and keeps it: an index is replaced as a whole, and the earlier one is closed when the
    last request that searches it has ended. An index that cannot be opened replaces nothing.
    """

    def __init__(
        self,
        published: PublishedIndexes,
        open_index: Callable[[str], SourceIndex],
        limits: Limits,
    ) -> None:
        super().__init__("read which index is published", limits, _log)
        self._published, self._open = published, open_index
        self._sequence: int | None = None
        self._tried: tuple[int, float] | None = None
        self.each_turn: list[Callable[[], None]] = []
        """Called each time before the table is read."""
        self.current: OpenIndex | None = None
        """The index to cite from; None: answers have no sources."""
        self.problem = ""
        """Why the published index is not used; empty when it is, or when none is published."""

    @property
    def ref(self) -> str | None:
        """The ref of the index that answers are cited from."""
        return self.current.ref if self.current else None

    async def refresh(self) -> None:
        """Read which index is published, and open it if it is another one."""
        published = await asyncio.to_thread(self._published.current)
        if published is None or published.sequence == self._sequence or self._waits(published.sequence):
            return
        self._tried = (published.sequence, monotonic())
        if published.ref is None:
            self.current = None
        else:
            try:
                opened = OpenIndex(published.ref, await asyncio.to_thread(self._open, published.ref))
            except (MedpipeError, OSError, ImportError) as error:
                self.problem = f"{published.ref} was published and cannot be opened: {error}"
                _log.error("%s; citing from %s", self.problem, self.ref or "none")
                return
            self.current = opened
        self._sequence, self.problem = published.sequence, ""
        _log.info("citing from %s", self.ref or "no index")

    def _waits(self, sequence: int) -> bool:
        return self._tried is not None and self._tried[0] == sequence and monotonic() - self._tried[1] < _AGAIN_SECONDS

    async def _turn(self) -> None:
        for call in self.each_turn:
            call()
        await self.refresh()
