"""Which index of sources the gateways search."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from medpipe.backends.sql import audit, chain, database
from medpipe.ports import Heads, PublishedIndex


class SqlPublishedIndexes:
    """Implements `ports.PublishedIndexes`. The database itself refuses to change or remove an entry."""

    def __init__(
        self, engine: Engine, clock: Callable[[], datetime] = database.now, heads: Heads | None = None
    ) -> None:
        """Prepare; nothing is read yet. Arguments as of `keys.SqlKeys`."""
        self._engine = engine
        self._clock = clock
        self._heads = heads

    def publish(self, index: str | None) -> PublishedIndex:
        """See the port."""
        table = database.published_indexes
        with chain.writing(self._engine, database.audit, self._heads) as write:
            before = _current(write.connection)
            if before and before.ref == index:
                return before
            at = self._clock()
            inserted = sa.insert(table).values(at=at, index_ref=index or "").returning(table.c.sequence)
            sequence = write.connection.execute(inserted).scalar_one()
            audit.note(write, table, sequence, at)
        return PublishedIndex(sequence, index, at)

    def current(self) -> PublishedIndex | None:
        """See the port."""
        with self._engine.connect() as connection:
            return _current(connection)


def _current(connection: Connection) -> PublishedIndex | None:
    row = connection.execute(database.newest(database.published_indexes)).one_or_none()
    return None if row is None else PublishedIndex(row.sequence, row.index_ref or None, row.at)
