"""The register of withdrawals: an append-only table, hash-chained."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from medpipe.backends.sql import chain, database
from medpipe.core.chain import faults
from medpipe.core.knowledge.withdrawals import State, WithdrawalEvent
from medpipe.core.teaching.claim import Claim
from medpipe.ports import Heads


class SqlWithdrawals:
    """Implements `ports.WithdrawalRegister`. The database itself refuses to change or remove an entry."""

    def __init__(self, engine: Engine, heads: Heads | None = None) -> None:
        """`engine`: from `database.connect`. `heads`: keeps the digest of each entry outside the database."""
        self._engine = engine
        self._heads = heads

    def append(self, event: WithdrawalEvent) -> None:
        """Append one entry."""
        columns = event.model_dump(mode="json") | {"at": event.at}
        with self._engine.begin() as connection:
            chain.lock(connection)
            head = chain.append(connection, database.withdrawals, columns)
        if self._heads:
            self._heads.keep(database.withdrawals.name, head)

    def faults(self) -> Iterator[str]:
        """Yield what is wrong with the chain of entries."""
        kept = list(self._heads.kept(database.withdrawals.name)) if self._heads else []
        with self._engine.connect() as connection:
            yield from faults(chain.links(connection, database.withdrawals), kept)

    def events(self) -> tuple[WithdrawalEvent, ...]:
        """Return every entry, oldest first."""
        table = database.withdrawals
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(table).order_by(table.c.sequence)).all()
        return tuple(
            WithdrawalEvent(
                document=row.document,
                state=State(row.state),
                at=row.at,
                reason=row.reason,
                by=row.by,
                evidence=row.evidence,
                claims=tuple(map(Claim.model_validate, row.claims)),
            )
            for row in rows
        )
