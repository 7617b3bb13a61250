"""The promotion ledger: an append-only table, and the champion as a compare-and-swap cell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from medpipe.backends.sql import database
from medpipe.core.knowledge import succession
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
            return _champion(connection)

    def swap_champion(
        self,
        expected: str | None,
        new: str,
        decision: str,
        reasons: Sequence[str],
        event: str = succession.PROMOTED,
        bar: str = "",
    ) -> bool:
        """Swap as `ports.Ledger` says. The swap and its entries are one transaction."""
        with self._locked() as connection:
            if _champion(connection) != expected or _is_barred(connection, new):
                return False
            connection.execute(sa.update(database.champion).values(version=new))
            if bar and expected is not None:
                self._append(connection, succession.BARRED, expected, "", (bar,))
            self._append(connection, event, new, decision, reasons)
        return True

    def bar(self, version: str, reason: str) -> bool:
        """Bar as `ports.Ledger` says."""
        with self._locked() as connection:
            if _champion(connection) == version:
                return False
            if not _is_barred(connection, version):
                self._append(connection, succession.BARRED, version, "", (reason,))
        return True

    def unbar(self, version: str, reason: str) -> None:
        """Lift a bar as `ports.Ledger` says."""
        with self._locked() as connection:
            if _is_barred(connection, version):
                self._append(connection, succession.UNBARRED, version, "", (reason,))

    def barred(self) -> dict[str, str]:
        """Return each barred version with the reason."""
        entries = reversed(self.entries(None, succession.BARS))
        return succession.barred((entry.event, entry.version, entry.reasons[0]) for entry in entries)

    def append(self, event: str, version: str, decision: str, reasons: Sequence[str], once: str = "") -> None:
        """Append one entry as `ports.Ledger` says."""
        with self._locked() as connection:
            if not (once and _has(connection, event, version, once)):
                self._append(connection, event, version, decision, reasons)

    def entries(self, limit: int | None = 100, events: Collection[str] = ()) -> list[Entry]:
        """Return the last `limit` entries of these events, newest first."""
        table = database.ledger
        newest = sa.select(table).order_by(table.c.sequence.desc()).limit(limit)
        if events:
            newest = newest.where(table.c.event.in_(events))
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

    @contextmanager
    def _locked(self) -> Iterator[Connection]:
        """Begin a transaction that no other writer of the ledger is in: its first statement locks the champion's cell.

        On SQLite that locks the database, on PostgreSQL the row. What is read next cannot change before the end.
        """
        with self._engine.begin() as connection:
            connection.execute(sa.update(database.champion).values(cell=database.champion.c.cell))
            yield connection


def _champion(connection: Connection) -> str | None:
    champion: str | None = connection.execute(sa.select(database.champion.c.version)).scalar_one()
    return champion


def _is_barred(connection: Connection, version: str) -> bool:
    table = database.ledger
    newest = sa.select(table.c.event).where(table.c.version == version, table.c.event.in_(succession.BARS))
    return connection.execute(newest.order_by(table.c.sequence.desc()).limit(1)).scalar() == succession.BARRED


def _has(connection: Connection, event: str, version: str, reason: str) -> bool:
    table = database.ledger
    same = sa.select(table.c.reasons).where(table.c.version == version, table.c.event == event)
    return any(reason in reasons for reasons in connection.execute(same).scalars())
