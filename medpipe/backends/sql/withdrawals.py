"""The register of withdrawals: an append-only table."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from medpipe.backends.sql import database
from medpipe.core.knowledge.withdrawals import State, WithdrawalEvent
from medpipe.core.teaching.claim import Claim


class SqlWithdrawals:
    """Implements `ports.WithdrawalRegister`. The database itself refuses to change or remove an entry."""

    def __init__(self, engine: Engine) -> None:
        """`engine`: from `database.connect`."""
        self._engine = engine

    def append(self, event: WithdrawalEvent) -> None:
        """Append one entry."""
        columns = event.model_dump(mode="json") | {"at": event.at}
        with self._engine.begin() as connection:
            connection.execute(sa.insert(database.withdrawals).values(**columns))

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
