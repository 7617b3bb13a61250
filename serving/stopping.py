"""Follows the switch that stops every gateway, and keeps the engine's answers back while it is thrown."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from time import monotonic
from typing import Any, Protocol

from medpipe.core.stop import Stop
from medpipe.ports import KillSwitch
from serving.following import Following
from serving.limits import Limits
from serving.problems import Problem, TryLater
from serving.routed_engine import Asked, RoutedPiece

_log = logging.getLogger("serving.stopping")


class StopFollower(Following):
    """The gateway's view of the switch. It runs on one event loop, so nothing is locked.

    As with the register of withdrawals, a gateway gives a model's answer only while it knows the switch: not before the
    first read, and not when the last one is older than `Limits.register_seconds`.
    """

    def __init__(self, switch: KillSwitch, limits: Limits) -> None:
        super().__init__("read the switch that stops serving", limits, _log)
        self._switch = switch
        self._read_at: float | None = None
        self._blocks: set[_Block] = set()
        self._newest: Stop | None = None

    @property
    def thrown(self) -> Stop | None:
        """The stop in force; None while serving is not stopped."""
        return self._newest if self._newest and self._newest.stopped else None

    @property
    def newest(self) -> Stop | None:
        """The newest change of the switch, a stop or the end of one; None when serving was never stopped."""
        return self._newest

    @property
    def problem(self) -> Problem | None:
        """Why no model's answer may be given now; None while answers may."""
        if self.thrown:
            return TryLater("serving_stopped", self.thrown.sentence(), self._limits.retry_after_seconds)
        if self._read_at is None or monotonic() - self._read_at > self._limits.register_seconds:
            message = "it is not known whether serving was stopped: the database does not answer; try again"
            return TryLater("switch_unreadable", message, self._limits.retry_after_seconds)
        return None

    def check(self) -> None:
        """Raise Problem 503 while no model's answer may be given."""
        if problem := self.problem:
            raise problem

    def check_given(self, refused: bool) -> None:
        """Raise Problem 503 for a recorded answer of a model that must not be given any more. `refused`: a rule's."""
        if not refused:
            self.check()

    async def refresh(self) -> None:
        """Read the switch now."""
        begun = monotonic()
        newest = await asyncio.to_thread(self._switch.current)
        if newest != self._newest:
            _log.warning("serving is %s", "stopped" if newest and newest.stopped else "no longer stopped")
        self._newest, self._read_at = newest, begun
        if problem := self.problem:
            for block in self._blocks:
                block.end(problem)

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Raise Problem 503 while serving is stopped, and cancel the block when it is stopped meanwhile.

        As `asyncio.timeout` does: the task is cancelled, and the cancellation is taken back when the block has ended.
        """
        self.check()
        block = _Block(asyncio.current_task())
        self._blocks.add(block)
        try:
            yield
        except asyncio.CancelledError:
            if block.problem and block.task and not block.task.uncancel():
                raise block.problem from None
            raise
        finally:
            self._blocks.discard(block)
        self.check()

    async def _turn(self) -> None:
        await self.refresh()


class _Block:
    """Work that a stop ends."""

    def __init__(self, task: asyncio.Task[Any] | None) -> None:
        self.task = task
        self.problem: Problem | None = None
        """Why it was ended; None while it goes on."""

    def end(self, problem: Problem) -> None:
        """Cancel the task, once."""
        if self.task and not self.problem:
            self.problem = problem
            self.task.cancel()


class WholeEngine(Protocol):
    """What answers behind the switch: `RoutedEngine`, or a cache before it."""

    async def complete(self, asked: Asked) -> RoutedPiece:
        """As `RoutedEngine.complete`."""

    def stream(self, asked: Asked) -> AsyncGenerator[RoutedPiece, None]:
        """As `RoutedEngine.stream`."""


class StoppableEngine:
    """The engine behind the route, which answers nothing while serving is stopped.

    It stands behind the guardrails: whoever writes of an emergency is still pointed to help, by a rule and no model.
    """

    def __init__(self, engine: WholeEngine, stops: StopFollower) -> None:
        self._engine, self._stops = engine, stops

    async def complete(self, asked: Asked) -> RoutedPiece:
        """As `RoutedEngine.complete`. Raises Problem 503 while serving is stopped, also when it is meanwhile."""
        with self._stops.guard():
            return await self._engine.complete(asked)

    async def stream(self, asked: Asked) -> AsyncGenerator[RoutedPiece, None]:
        """As `RoutedEngine.stream`. Raises Problem 503 while serving is stopped, also between two pieces."""
        async with aclosing(self._engine.stream(asked)) as pieces:
            while True:
                with self._stops.guard():  # around each piece: between two, the task is the reader's
                    piece = await anext(pieces, None)
                if piece is None:
                    return
                yield piece
