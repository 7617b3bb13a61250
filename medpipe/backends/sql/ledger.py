"""The promotion ledger: an append-only table, hash-chained, and the champion as a compare-and-swap cell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from medpipe.backends.sql import chain, database
from medpipe.core.chain import Head
from medpipe.core.knowledge import succession
from medpipe.ports import Entry, Heads


class SqlLedger:
    """Implements `ports.Ledger`. The database itself refuses to change or remove an entry."""

    def __init__(
        self, engine: Engine, clock: Callable[[], datetime] = database.now, heads: Heads | None = None
    ) -> None:
        """Prepare; nothing is read yet.

        `engine`: from `database.connect`. `clock`: returns the present moment as an aware datetime. `heads`: keeps
        the digest of each entry outside the database.
        """
        self._engine = engine
        self._clock = clock
        self._heads = heads

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
        by: str = "",
    ) -> bool:
        """Swap as `ports.Ledger` says. The swap and its entries are one transaction."""
        with self._writing() as write:
            if _champion(write.connection) != expected or _is_barred(write.connection, new):
                return False
            write.connection.execute(sa.update(database.champion).values(version=new))
            if bar and expected is not None:
                write.entry(succession.BARRED, expected, "", (bar,), by=by)
            write.entry(event, new, decision, reasons, by=by)
        return True

    def bar(self, version: str, reason: str, by: str) -> bool:
        """Bar as `ports.Ledger` says."""
        with self._writing() as write:
            if _champion(write.connection) == version:
                return False
            if not _is_barred(write.connection, version):
                write.entry(succession.BARRED, version, "", (reason,), by=by)
        return True

    def unbar(self, version: str, reason: str, by: str) -> None:
        """Lift a bar as `ports.Ledger` says."""
        with self._writing() as write:
            if _is_barred(write.connection, version):
                write.entry(succession.UNBARRED, version, "", (reason,), by=by)

    def barred(self) -> dict[str, Entry]:
        """Return each barred version with the entry that barred it."""
        entries = reversed(self.entries(None, succession.BARS))
        return succession.barred((entry.event, entry.version, entry) for entry in entries)

    def append(
        self,
        event: str,
        version: str,
        decision: str,
        reasons: Sequence[str],
        key: str = "",
        evidence: str = "",
        by: str = "",
    ) -> None:
        """Append one entry as `ports.Ledger` says."""
        with self._writing() as write:
            write.entry(event, version, decision, reasons, key, evidence, by)

    def entries(
        self, limit: int | None = 100, events: Collection[str] = (), versions: Collection[str] = ()
    ) -> list[Entry]:
        """Return the last `limit` entries of these events and versions, newest first."""
        table = database.ledger
        newest = sa.select(table).order_by(table.c.sequence.desc()).limit(limit)
        if events:
            newest = newest.where(table.c.event.in_(events))
        if versions:
            newest = newest.where(table.c.version.in_(versions))
        with self._engine.connect() as connection:
            return [_entry(row) for row in connection.execute(newest)]

    def history(self) -> Iterator[Entry]:
        """Yield every entry, oldest first; a few hundred are in memory at once."""
        oldest = sa.select(database.ledger).order_by(database.ledger.c.sequence)
        with self._engine.connect().execution_options(yield_per=500) as connection:
            yield from map(_entry, connection.execute(oldest))

    def faults(self) -> Iterator[str]:
        """Yield what is wrong with the chain of entries."""
        return chain.faults(self._engine, database.ledger, self._heads)

    @contextmanager
    def _writing(self) -> Iterator[_Writing]:
        with chain.writing(self._engine, database.ledger, self._heads) as write:
            yield _Writing(write, self._clock)


class _Writing:
    """One transaction that may append entries."""

    def __init__(self, write: chain.Writing, clock: Callable[[], datetime]) -> None:
        self.connection, self._write, self._clock = write.connection, write, clock

    def entry(
        self,
        event: str,
        version: str,
        decision: str,
        reasons: Sequence[str],
        key: str = "",
        evidence: str = "",
        by: str = "",
    ) -> None:
        """Append an entry, unless there is one with this key."""
        columns = {
            "at": self._clock(),
            "event": event,
            "version": version,
            "decision": decision,
            "reasons": list(reasons),
            "key": key or None,
            "evidence": evidence or None,
            "by": by or None,
        }
        # The head of a known entry is kept too: its writer may have been killed before it kept it.
        known = _head_of(self.connection, key) if key else None
        if known:
            self._write.heads.append(known)
        else:
            self._write.append(columns)


def _champion(connection: Connection) -> str | None:
    champion: str | None = connection.execute(sa.select(database.champion.c.version)).scalar_one()
    return champion


def _is_barred(connection: Connection, version: str) -> bool:
    table = database.ledger
    newest = sa.select(table.c.event).where(table.c.version == version, table.c.event.in_(succession.BARS))
    return connection.execute(newest.order_by(table.c.sequence.desc()).limit(1)).scalar() == succession.BARRED


def _head_of(connection: Connection, key: str) -> Head | None:
    table = database.ledger
    row = connection.execute(sa.select(table.c.sequence, table.c.digest).where(table.c.key == key)).first()
    return None if row is None else Head(row.sequence, row.digest)


def _entry(row: sa.Row[Any]) -> Entry:
    return Entry(
        row.sequence,
        row.at,
        row.event,
        row.version,
        row.decision,
        tuple(row.reasons),
        row.evidence or "",
        row.by or "",
    )
