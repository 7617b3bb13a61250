"""Record answers: many in one transaction, and on the disk while the database takes none.

An answer waits for its record and never longer than `Limits.store_seconds` for the database. Answers that come
meanwhile share the next transaction (group commit: DeWitt et al., "Implementation techniques for main memory database
systems", SIGMOD 1984). When the database fails or is too slow, records go to the spool, and from there to the database
once it is back. An answer may reach it twice, by a commit that came late and by the spool; its id lets one in.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NamedTuple

from medpipe.ports import AnswerRecord
from serving.limits import Limits
from serving.metrics import Metrics
from serving.scrubbed_log import ScrubbedLog
from serving.spool import Segment, Spool

_log = logging.getLogger("serving.recorder")
_MOST = 200
"""Records in one transaction."""


class _Waiting(NamedTuple):
    record: AnswerRecord
    kept: asyncio.Future[bool]


class Recorder:
    """Records answers from `start` to `stop`, on the gateway's event loop, with a thread for each of three tasks."""

    def __init__(self, log: ScrubbedLog, spool: Spool, metrics: Metrics, limits: Limits) -> None:
        self._log, self._spool, self._metrics, self._limits = log, spool, metrics, limits
        self._store, self._disk = ThreadPoolExecutor(1, "records"), ThreadPoolExecutor(1, "spool")
        self._scrub = ThreadPoolExecutor(1, "scrubbing")  # not asyncio's own threads: a hanging database fills those
        self._waiting: list[_Waiting] = []
        self._wake = asyncio.Event()
        self._committing: asyncio.Future[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._down = self._full = ""
        self._retry = False

    @property
    def problem(self) -> str:
        """Why no answer of the model can be given now; "" when records are kept."""
        return f"{self._down}; {self._full}" if self._down and self._full else ""

    @property
    def warning(self) -> str:
        """What an operator should look at although answers are given; "" for nothing."""
        return self._down and f"{self._down}: records wait on the disk"

    async def start(self) -> None:
        """Begin to record, and to bring what an earlier process left to the database."""
        self._tasks = [asyncio.create_task(self._write()), asyncio.create_task(self._drain_again())]

    async def stop(self) -> None:
        """Record what waits, and end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(2 * self._limits.store_seconds):
                while self._waiting:
                    await asyncio.sleep(0.01)
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._disk.submit(self._spool.close)
        self._scrub.shutdown(wait=False)
        self._store.shutdown(wait=False)
        self._disk.shutdown(wait=True)

    async def record(self, record: AnswerRecord) -> bool:
        """Record an answer without what identifies people. Return whether its record is kept, if only on the disk."""
        try:
            scrubbed = await self._in(self._scrub, self._log.scrubbed, record)
        except Exception as error:
            _log.warning("an answer's texts cannot be scrubbed: %s", type(error).__name__)
            return False
        waiting = _Waiting(scrubbed, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._wake.set()
        return await asyncio.shield(waiting.kept)

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while batch := self._waiting[:_MOST]:
                records = [waiting.record for waiting in batch]
                kept = await self._stored(records) or await self._spooled(records)
                del self._waiting[: len(batch)]
                for waiting in batch:
                    waiting.kept.set_result(kept)

    async def _stored(self, records: Sequence[AnswerRecord]) -> bool:
        """Commit records, unless the database failed and has not come back. Return whether it has them in time."""
        if self._down and not self._retry:
            return False
        self._retry = False
        self._committing = self._in(self._store, self._log.record_all, records)
        try:
            async with asyncio.timeout(self._limits.store_seconds):
                await asyncio.shield(self._committing)
        except Exception as error:
            self._committing.add_done_callback(lambda commit: commit.cancelled() or commit.exception())
            self._down = f"the database does not take records ({type(error).__name__})"
            _log.warning("%s", self._down)
            return False
        self._down = ""
        self._metrics.records.labels("database").inc(len(records))
        return True

    async def _spooled(self, records: Sequence[AnswerRecord]) -> bool:
        try:
            await self._in(self._disk, self._spool.append, records)
        except Exception as error:
            self._full = f"the disk does not take records ({type(error).__name__})"
            _log.warning("%s", self._full)
            self._metrics.records.labels("lost").inc(len(records))
            return False
        self._full = ""
        self._metrics.records.labels("spool").inc(len(records))
        return True

    async def _drain_again(self) -> None:
        while True:
            try:
                await self._drain()
            except Exception as error:
                _log.warning("the spool cannot be brought to the database just now: %s", type(error).__name__)
            await asyncio.sleep(self._limits.drain_seconds)

    async def _drain(self) -> None:
        """Bring the spool to the database. Raises what the database raises; nothing is lost then."""
        if self._down and self._committing and not self._committing.done():
            return  # the database still hangs
        segments: list[Segment] = await self._in(self._disk, self._spool.claim)
        self._retry = not segments
        if not segments:
            return  # the next answer tries the database
        try:
            while segments:
                await self._bring(segments[0])
                del segments[0]
        finally:
            for segment in segments:
                segment.release()
        self._down = self._full = ""

    async def _bring(self, segment: Segment) -> None:
        records, unreadable = await self._in(self._disk, segment.records)
        for first in range(0, len(records), _MOST):
            await self._in(self._store, self._log.record_all, records[first : first + _MOST])
        await self._in(self._disk, segment.set_aside if unreadable else segment.remove)
        self._metrics.records.labels("drained").inc(len(records))
        _log.info("%d records of the spool are in the database; unreadable lines: %d", len(records), unreadable)

    def _in(self, pool: ThreadPoolExecutor, work: Callable[..., Any], *values: Any) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().run_in_executor(pool, work, *values)
