"""Leases: who may do a piece of work at the moment, with a token that grows with each new holder.

Source: Kleppmann, "How to do distributed locking" (2016): an expired holder can still run, so what it wants to publish
is checked against the token.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from medpipe.backends.sql import chain, database
from medpipe.ports import Lease


class SqlLeases:
    """Implements `ports.Leases`."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = database.now) -> None:
        """`engine`: from `database.connect`. `clock`: returns the present moment as an aware datetime."""
        self._engine = engine
        self._clock = clock

    def take(self, name: str, seconds: float) -> Lease | None:
        """Take the lease as `ports.Leases` says."""
        table, now = database.leases, self._clock()
        with self._engine.begin() as connection:
            chain.lock(connection)
            row = connection.execute(sa.select(table).where(table.c.name == name)).first()
            if row is not None and row.expires_at > now:
                return None
            lease = Lease(name, row.token + 1 if row else 1)
            values = {"token": lease.token, "expires_at": now + timedelta(seconds=seconds)}
            if row is None:
                connection.execute(sa.insert(table).values(name=name, **values))
            else:
                connection.execute(sa.update(table).where(table.c.name == name).values(values))
        return lease

    def renew(self, lease: Lease, seconds: float) -> bool:
        """Renew the lease as `ports.Leases` says."""
        return self._until(lease, self._clock() + timedelta(seconds=seconds))

    def release(self, lease: Lease) -> None:
        """End the lease now, unless somebody else has it."""
        self._until(lease, self._clock())

    def _until(self, lease: Lease, moment: datetime) -> bool:
        table = database.leases
        own = sa.and_(table.c.name == lease.name, table.c.token == lease.token)
        with self._engine.begin() as connection:
            return connection.execute(sa.update(table).where(own).values(expires_at=moment)).rowcount == 1
