"""The register of withdrawals: an append-only table, hash-chained, and what each gateway enforces of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from medpipe.backends.sql import chain, database
from medpipe.backends.sql.routes import LIVE_SECONDS
from medpipe.core.knowledge.withdrawals import State, WithdrawalEvent
from medpipe.core.teaching.claim import Claim
from medpipe.ports import Heads


class SqlWithdrawals:
    """Implements `ports.WithdrawalRegister`. The database itself refuses to change or remove an entry."""

    def __init__(
        self,
        engine: Engine,
        heads: Heads | None = None,
        clock: Callable[[], datetime] = database.now,
        live_seconds: float = LIVE_SECONDS,
    ) -> None:
        """Prepare; nothing is read yet.

        `engine`: from `database.connect`. `heads`: keeps the digest of each entry outside the database. `clock`:
        returns the present moment as an aware datetime. `live_seconds`: see `routes.LIVE_SECONDS`.
        """
        self._engine = engine
        self._heads = heads
        self._clock = clock
        self._live = timedelta(seconds=live_seconds)

    def append(self, event: WithdrawalEvent) -> None:
        """Append one entry."""
        columns = event.model_dump(mode="json") | {"at": event.at}
        with chain.writing(self._engine, database.withdrawals, self._heads) as write:
            write.append(columns)

    def faults(self) -> Iterator[str]:
        """Yield what is wrong with the chain of entries."""
        return chain.faults(self._engine, database.withdrawals, self._heads)

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
                revision=row.revision or 0,
                claims=tuple(map(Claim.model_validate, row.claims)),
            )
            for row in rows
        )

    def now(self) -> datetime:
        """Return the present moment."""
        return self._clock()

    def newest(self) -> int:
        """Return the number of the newest entry; 0 for an empty register."""
        with self._engine.connect() as connection:
            return connection.execute(sa.select(sa.func.max(database.withdrawals.c.sequence))).scalar() or 0

    def enforce(self, gateway: str, sequence: int) -> None:
        """Store what a gateway blocks. Rows of gateways that are gone are removed when a new one appears."""
        table, gateways = database.gateway_blocks, database.gateways
        with self._engine.begin() as connection:
            own_row = sa.update(table).where(table.c.gateway == gateway)
            if connection.execute(own_row.values(sequence=sequence)).rowcount == 0:
                connection.execute(sa.delete(table).where(table.c.gateway.not_in(sa.select(gateways.c.gateway))))
                connection.execute(sa.insert(table).values(gateway=gateway, sequence=sequence))

    def behind(self, sequence: int) -> tuple[str, ...]:
        """Return the live gateways that do not enforce an entry. A gateway without a heartbeat does not count."""
        table, gateways = database.gateway_blocks, database.gateways
        query = (
            sa.select(gateways.c.gateway)
            .outerjoin(table, table.c.gateway == gateways.c.gateway)
            .where(gateways.c.seen_at > self._clock() - self._live)
            .where(sa.func.coalesce(table.c.sequence, 0) < sequence)
            .order_by(gateways.c.gateway)
        )
        with self._engine.connect() as connection:
            return tuple(connection.execute(query).scalars())
