"""The audit: a hash chain with the digests of rows that stand in other tables and must not change unnoticed.

Routes, keys, erasures, stops, publications of indexes and decisions about corrections are rare: the transaction that
writes such a row appends its digest as well. Answers and ratings are many a second, on several gateways: they are
chained in batches (`journal`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from medpipe.backends.sql import chain, database, journal
from medpipe.core import chain as chains
from medpipe.core.chain import Head
from medpipe.ports import Heads

WATCHED = (
    database.route,
    database.keys,
    database.erasures,
    database.corrections,
    database.stops,
    database.published_indexes,
)
"""The tables of which every row is in the audit. Each has a primary key of one column."""


def note(write: chain.Writing, table: sa.Table, key: int | str, at: datetime) -> None:
    """Append the digest of a row as it is stored now. `table`: with its columns as they are in the database."""
    (name,) = table.primary_key.columns
    row = sa.select(*chain.as_texts(write.connection, table)).where(name == key)
    (texts,) = chain.stored(write.connection, row)
    write.append({"at": at, "what": table.name, "subject": str(key), "content": chains.digest(texts)})


class SqlAudit:
    """Implements `ports.Audit`."""

    def __init__(
        self,
        engine: Engine,
        heads: Heads | None = None,
        clock: Callable[[], datetime] = database.now,
        keys: Sequence[bytes] = (),
    ) -> None:
        """`engine`: from `database.connect`. `heads`: keeps the digest of each entry outside the database.

        `keys`: those that gateways sign ids of answers with; without any, signatures are not checked.
        """
        self._engine = engine
        self._heads = heads
        self._clock = clock
        self._keys = tuple(keys)

    @property
    def checks_ids(self) -> bool:
        """See `ports.Audit`."""
        return bool(self._keys)

    def chain_answers(self) -> int:
        """Chain as `ports.Audit` says. The newest head is kept again: its writer may have been killed before."""
        with chain.writing(self._engine, database.audit, self._heads) as write:
            newest = _newest(write.connection)
            batch = newest.sequence + 1 if newest else 1
            count, content = journal.close_batch(write.connection, batch)
            if count:
                what, subject = database.journal.name, f"{count} entries"
                write.append({"at": self._clock(), "what": what, "subject": subject, "content": content})
            elif newest:
                write.heads.append(newest)
        return count

    def faults(self) -> Iterator[str]:
        """Yield what is wrong as `ports.Audit` says. All of it is read at one moment, beside running gateways."""
        kept = list(self._heads.kept(database.audit.name)) if self._heads else []
        with _snapshot(self._engine) as connection:
            yield from chains.faults(chain.links(connection, database.audit), kept)
            yield from _faults_of_rows(connection)
            yield from journal.faults(connection, self._keys)

    def remarks(self) -> Iterator[str]:
        """Yield what may be wrong as `ports.Audit` says."""
        with _snapshot(self._engine) as connection:
            yield from journal.remarks(connection)


def _newest(connection: Connection) -> Head | None:
    table = database.audit
    newest = sa.select(table.c.sequence, table.c.digest).order_by(table.c.sequence.desc()).limit(1)
    row = connection.execute(newest).first()
    return None if row is None else Head(row.sequence, row.digest)


@contextmanager
def _snapshot(engine: Engine) -> Iterator[Connection]:
    """Begin a transaction in which every query sees the state of one moment."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
        else:
            connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


def _faults_of_rows(connection: Connection) -> Iterator[str]:
    """Yield each watched row that is not what its newest entry says, and each that is gone."""
    table = database.audit
    entries = connection.execute(sa.select(table).where(table.c.what != database.journal.name).order_by("sequence"))
    newest = {(entry.what, entry.subject): entry.content for entry in entries}
    for watched in WATCHED:
        (key,) = watched.primary_key.columns
        for texts in chain.stored(connection, sa.select(*chain.as_texts(connection, watched)).order_by(key)):
            row = watched.name, texts[key.name]
            content = newest.pop(row, None)
            if content is None:
                yield f"{' '.join(row)} is in no entry: it was inserted"
            elif content != chains.digest(texts):
                yield f"{' '.join(row)} was changed: its digest is not that of its entry"
    yield from (f"{what} {subject} is missing: it was removed" for what, subject in newest)
