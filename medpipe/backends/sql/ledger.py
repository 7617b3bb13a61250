"""The promotion ledger: an append-only table, and the champion as a compare-and-swap cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from medpipe.backends.sql import database
from medpipe.ports import Entry


class SqlLedger:
    """Implements `ports.Ledger`. The database itself refuses to change or remove an entry."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = database.now) -> None:
        """`engine`: from `database.connect`. `clock`: returns the present moment as an aware datetime."""
        self._engine = engine
        self._clock = clock

    def champion(self) -> str | None:
        """Return the champion's VersionRef; None before the first promotion."""
        with self._engine.connect() as connection:
            champion: str | None = connection.execute(sa.select(database.champion.c.version)).scalar_one()
        return champion

    def swap_champion(
        self, expected: str | None, new: str, decision: str, reasons: Sequence[str], event: str = "promoted"
    ) -> bool:
        """Swap as `ports.Ledger` says. The swap and its entry are one transaction."""
        cell = database.champion
        swap = sa.update(cell).where(cell.c.version.is_not_distinct_from(expected)).values(version=new)
        with self._engine.begin() as connection:
            if connection.execute(swap).rowcount != 1:
                return False
            self._append(connection, event, new, decision, reasons)
        return True

    def append(self, event: str, version: str, decision: str, reasons: Sequence[str]) -> None:
        """Append one entry."""
        with self._engine.begin() as connection:
            self._append(connection, event, version, decision, reasons)

    def entries(self, limit: int = 100) -> list[Entry]:
        """Return the last `limit` entries, newest first."""
        newest = sa.select(database.ledger).order_by(database.ledger.c.sequence.desc()).limit(limit)
        with self._engine.connect() as connection:
            return [
                Entry(row.sequence, row.at, row.event, row.version, row.decision, tuple(row.reasons))
                for row in connection.execute(newest)
            ]

    def _append(self, connection: Connection, event: str, version: str, decision: str, reasons: Sequence[str]) -> None:
        connection.execute(
            sa.insert(database.ledger).values(
                at=self._clock(), event=event, version=version, decision=decision, reasons=list(reasons)
            )
        )
