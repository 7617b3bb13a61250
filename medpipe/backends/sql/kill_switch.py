"""The switch that stops every gateway."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from medpipe.backends.sql import audit, chain, database
from medpipe.core.stop import Stop
from medpipe.errors import UsageError
from medpipe.ports import Heads


class SqlKillSwitch:
    """Implements `ports.KillSwitch`. The database itself refuses to change or remove an entry."""

    def __init__(
        self, engine: Engine, clock: Callable[[], datetime] = database.now, heads: Heads | None = None
    ) -> None:
        """Prepare; nothing is read yet. Arguments as of `keys.SqlKeys`."""
        self._engine = engine
        self._clock = clock
        self._heads = heads

    def set(self, stopped: bool, reason: str, by: str) -> Stop:
        """See the port."""
        table = database.stops
        with chain.writing(self._engine, database.audit, self._heads) as write:
            before = _current(write.connection)
            if not stopped and not (before and before.stopped):
                raise UsageError("serving is not stopped: there is nothing to lift")
            after = Stop(stopped=stopped, at=self._clock(), reason=reason, by=by)
            if before and before == after.model_copy(update={"at": before.at}):
                return before
            inserted = sa.insert(table).values(after.model_dump()).returning(table.c.sequence)
            audit.note(write, table, write.connection.execute(inserted).scalar_one(), after.at)
        return after

    def current(self) -> Stop | None:
        """See the port."""
        with self._engine.connect() as connection:
            return _current(connection)


def _current(connection: Connection) -> Stop | None:
    row = connection.execute(database.newest(database.stops)).one_or_none()
    return None if row is None else Stop(stopped=row.stopped, at=row.at, reason=row.reason, by=row.by)
