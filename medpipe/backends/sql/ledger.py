"""The promotion ledger: an append-only table, hash-chained, and the champion as a compare-and-swap cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from medpipe.backends.sql import chain, database
from medpipe.core.chain import Head, faults
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
            champion: str | None = connection.execute(sa.select(database.champion.c.version)).scalar_one()
        return champion

    def swap_champion(
        self, expected: str | None, new: str, decision: str, reasons: Sequence[str], event: str = "promoted"
    ) -> bool:
        """Swap as `ports.Ledger` says. The swap and its entry are one transaction."""
        cell = database.champion
        swap = sa.update(cell).where(cell.c.version.is_not_distinct_from(expected)).values(version=new)
        with self._engine.begin() as connection:
            chain.lock(connection)
            if connection.execute(swap).rowcount != 1:
                return False
            head = self._append(connection, event, new, decision, reasons)
        self._keep(head)
        return True

    def append(
        self, event: str, version: str, decision: str, reasons: Sequence[str], key: str = "", evidence: str = ""
    ) -> None:
        """Append one entry, unless there is one with this key."""
        with self._engine.begin() as connection:
            chain.lock(connection)
            known = _head_of(connection, key) if key else None
            head = known or self._append(connection, event, version, decision, reasons, key, evidence)
        self._keep(head)  # of a known entry too: its writer may have been killed before it kept the head

    def entries(self, limit: int = 100) -> list[Entry]:
        """Return the last `limit` entries, newest first."""
        newest = sa.select(database.ledger).order_by(database.ledger.c.sequence.desc()).limit(limit)
        with self._engine.connect() as connection:
            return [_entry(row) for row in connection.execute(newest)]

    def history(self) -> Iterator[Entry]:
        """Yield every entry, oldest first; a few hundred are in memory at once."""
        oldest = sa.select(database.ledger).order_by(database.ledger.c.sequence)
        with self._engine.connect().execution_options(yield_per=500) as connection:
            yield from map(_entry, connection.execute(oldest))

    def faults(self) -> Iterator[str]:
        """Yield what is wrong with the chain of entries."""
        kept = list(self._heads.kept(database.ledger.name)) if self._heads else []
        with self._engine.connect() as connection:
            yield from faults(chain.links(connection, database.ledger), kept)

    def _append(
        self,
        connection: Connection,
        event: str,
        version: str,
        decision: str,
        reasons: Sequence[str],
        key: str = "",
        evidence: str = "",
    ) -> Head:
        """Append an entry under `chain.lock`, and return its head for `_keep`."""
        columns = {
            "at": self._clock(),
            "event": event,
            "version": version,
            "decision": decision,
            "reasons": list(reasons),
            "key": key or None,
            "evidence": evidence or None,
        }
        return chain.append(connection, database.ledger, columns)

    def _keep(self, head: Head) -> None:
        """Keep a head outside the database. Call it after the commit: a kept entry must exist."""
        if self._heads:
            self._heads.keep(database.ledger.name, head)


def _head_of(connection: Connection, key: str) -> Head | None:
    table = database.ledger
    row = connection.execute(sa.select(table.c.sequence, table.c.digest).where(table.c.key == key)).first()
    return None if row is None else Head(row.sequence, row.digest)


def _entry(row: sa.Row[Any]) -> Entry:
    return Entry(row.sequence, row.at, row.event, row.version, row.decision, tuple(row.reasons), row.evidence or "")
