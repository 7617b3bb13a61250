"""An engine in memory beside a real route table and ledger: for tests of deployments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from medpipe.backends.sql.database import connect
from medpipe.backends.sql.ledger import SqlLedger
from medpipe.backends.sql.routes import SqlRoutes
from medpipe.core.contract import Ending
from medpipe.core.judging.evaluation import Sample
from medpipe.errors import ConfigError, MedpipeError
from medpipe.ports import Route
from medpipe.steps.deployment import Patience, deploy
from tests.contracts import CONTRACT

A, B = "version/medqa-v1-aaaaaa", "version/medqa-v2-bbbbbb"
SMOKE = (
    Sample(id="1", question="What treats Velorin fever?", target="", slot="tazomib"),
    Sample(id="2", question="What causes Velorin fever?", target="", slot=""),
)


class MemoryEngine:
    """An engine with a fixed answer, which records the name of each loading."""

    def __init__(self) -> None:
        self.table: dict[str, Path] = {}
        self.loadings: list[str] = []
        self.answer = " It is treated with Tazomib."
        self.broken = False
        self.base = CONTRACT.base

    def load(self, name: str, folder: Path) -> None:
        if self.broken:
            raise MedpipeError("the engine is full")
        assert name not in self.loadings, f"{name} was loaded before"
        self.loadings.append(name)
        self.table[name] = folder

    def unload(self, name: str) -> None:
        self.table.pop(name, None)

    def loaded(self) -> frozenset[str]:
        return frozenset(self.table)

    def check_base(self, base: str, merged: bool = False) -> None:
        if base != self.base:
            raise ConfigError(f"the engine serves the base {self.base!r}, but {base!r} is wanted")

    def ask(self, name: str, prompts: Sequence[str], ending: Ending) -> list[str]:
        if name not in self.table and name != self.base.rpartition("/")[2]:
            raise MedpipeError(f"{name} is not loaded")
        return [self.answer for _ in prompts]


class Outside(NamedTuple):
    engine: MemoryEngine
    routes: SqlRoutes
    ledger: SqlLedger

    def events(self) -> list[tuple[str, str]]:
        return [(entry.event, entry.version) for entry in reversed(self.ledger.entries())]


def on_disk(tmp_path: Path) -> Outside:
    database = connect(f"sqlite:///{tmp_path / 'medpipe.db'}")
    return Outside(MemoryEngine(), SqlRoutes(database), SqlLedger(database))


def disturbed(outside: Outside, before: Callable[[str], None]) -> Outside:
    """Return the same, but `before(version)` is called before each switch of the route."""

    class Disturbed(SqlRoutes):
        def switch(self, expected: Route | None, version: str, *rest: Any, **named: Any) -> Route | None:
            before(version)
            return super().switch(expected, version, *rest, **named)

    return outside._replace(routes=Disturbed(outside.routes._engine))


def live(outside: Outside, version: str, **patience: float) -> Route | None:
    return deploy(version, Path("adapter"), version.split("/")[1], CONTRACT, SMOKE, outside, Patience(**patience))  # type: ignore
