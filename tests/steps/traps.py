"""Ports that stop a verb at one of its calls: killed before or after the call, or while another verb runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from medpipe.backends.sql.ledger import SqlLedger
from medpipe.backends.sql.routes import SqlRoutes
from medpipe.ports import Engine, Ledger, Registry, Routes
from medpipe.settings import Settings
from tests import fakes


class Killed(BaseException):
    """The process ended here: no code of ours may catch it."""


class Trap:
    """Counts the calls of all ports, and goes off at one of them."""

    def __init__(self) -> None:
        self.calls_left: int | None = None
        self.after = False
        self.surprise: Callable[[], None] = lambda: None

    def set(self, call: int, surprise: Callable[[], None], after: bool = False) -> None:
        """Run `surprise` before (or after) call number `call`, from 0."""
        self.calls_left, self.surprise, self.after = call, surprise, after

    def disarm(self) -> bool:
        """Return whether the trap was still set."""
        was_set, self.calls_left = self.calls_left is not None, None
        return was_set

    def goes_off(self) -> bool:
        """Count one call."""
        if self.calls_left is None:
            return False
        self.calls_left -= 1
        return self.calls_left < 0 and self.disarm()


class Trapped:
    """A port whose methods are counted by a trap."""

    def __init__(self, port: Any, trap: Trap) -> None:
        self._port, self._trap = port, trap

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        def call(*arguments: Any, **options: Any) -> Any:
            now = self._trap.goes_off()
            if now and not self._trap.after:
                self._trap.surprise()
            result = method(*arguments, **options)
            if now and self._trap.after:
                self._trap.surprise()
            return result

        return call


def kill() -> None:
    """End the process."""
    raise Killed


class TrappedPorts(fakes.FakePorts):
    """Fake ports with a trap in everything that decides what serves, and with a clock that a test moves."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.trap = Trap()
        self.skew = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.skew

    @cached_property
    def ledger(self) -> Ledger:
        return Trapped(SqlLedger(self.database, self.now), self.trap)  # type: ignore[return-value]

    @cached_property
    def routes(self) -> Routes:
        return Trapped(SqlRoutes(self.database, self.now), self.trap)  # type: ignore[return-value]

    @property
    def engine(self) -> Engine:  # type: ignore[override]
        return Trapped(super().engine, self.trap)  # type: ignore[return-value]

    @property
    def registry(self) -> Registry:  # type: ignore[override]
        return Trapped(super().registry, self.trap)  # type: ignore[return-value]
