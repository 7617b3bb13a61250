"""Appending to a table as a hash chain (`medpipe.core.chain`), and reading the chain back as stored texts.

The digest covers the text of every column as the database stores it, so that it is the same on SQLite and PostgreSQL
and every changed byte counts. Columns without a value are left out: a column that a later migration adds, nullable and
without a default, changes no earlier digest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from medpipe.backends.sql.database import Moment
from medpipe.core import chain
from medpipe.core.chain import START, Head, Link
from medpipe.ports import Heads

_LOCK_NUMBER = 0x6D656471
"""Number of the PostgreSQL advisory lock of appending: one above that of migrations."""


class Writing:
    """A transaction that may append to a chain. What it reads of any chain cannot change before its end."""

    def __init__(self, connection: Connection, table: sa.Table) -> None:
        self.connection, self._table = connection, table
        self.heads: list[Head] = []
        """To be kept outside the database after the commit."""

    def append(self, columns: Mapping[str, Any]) -> None:
        """Append one entry."""
        self.heads.append(append(self.connection, self._table, columns))


@contextmanager
def writing(engine: Engine, table: sa.Table, heads: Heads | None) -> Iterator[Writing]:
    """Begin a transaction that no other writer of a chain is in, and keep the heads of its entries afterwards.

    A head is kept after the commit: a kept entry must exist.
    """
    with engine.begin() as connection:
        lock(connection)
        write = Writing(connection, table)
        yield write
    if heads:
        for head in write.heads:
            heads.keep(table.name, head)


def faults(engine: Engine, table: sa.Table, heads: Heads | None) -> Iterator[str]:
    """Yield what is wrong with the chain in a table."""
    kept = list(heads.kept(table.name)) if heads else []  # before the entries: the head of an entry comes after it
    with engine.connect() as connection:
        yield from chain.faults(links(connection, table), kept)


def lock(connection: Connection) -> None:
    """Let no other writer append until the transaction ends. Call it before the transaction reads or writes."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK_NUMBER)))


def append(connection: Connection, table: sa.Table, columns: Mapping[str, Any]) -> Head:
    """Append one entry under `lock`, and return its head, which is to be kept once the transaction is committed."""
    newest = sa.select(table.c.sequence, table.c.digest).order_by(table.c.sequence.desc()).limit(1)
    before = connection.execute(newest).first()
    sequence, previous = (before.sequence + 1, before.digest) if before else (1, START)
    values = {**columns, "sequence": sequence, "previous": previous}
    digest = chain.digest(texts(values))
    connection.execute(sa.insert(table).values(**values, digest=digest))
    return Head(sequence, digest)


def texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Return an entry's columns as the texts that `links` reads back, without those that have no value."""
    return {name: text(value) for name, value in values.items() if value is not None}


def links(connection: Connection, table: sa.Table) -> Iterator[Link]:
    """Yield the entries of a table in the order of their numbers, a few hundred in memory at once."""
    oldest_first = sa.select(*as_texts(connection, table)).order_by(table.c.sequence)
    for row in stored(connection, oldest_first):
        digest = row.pop("digest")
        yield Link(int(row["sequence"]), row["previous"], digest, row)


def as_texts(connection: Connection, table: sa.Table) -> list[sa.ColumnElement[str]]:
    """Return the SQL of each column's stored text, labelled with the column's name."""
    return [_as_text(column, connection.dialect.name).label(column.name) for column in table.c]


def stored(connection: Connection, query: sa.Executable) -> Iterator[dict[str, str]]:
    """Yield rows of texts by column without those that have no value, a few hundred in memory at once."""
    for row in connection.execute(query, execution_options={"yield_per": 500}).mappings():
        yield {str(name): text for name, text in row.items() if text is not None}


def text(value: Any) -> str:
    """Return a column's value as `as_texts` reads it back. Texts of moments are ordered as the moments are."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, str):
        return str(value)
    return json.dumps(value)  # as SQLAlchemy writes a JSON column


def _as_text(column: sa.Column[Any], dialect: str) -> sa.ColumnElement[str]:
    """Return the SQL of a column's stored text, which is the same on both databases.

    PostgreSQL stores moments as numbers: they are written as in SQLite, which has numbers for true and false.
    """
    if dialect == "postgresql" and isinstance(column.type, sa.DateTime | Moment):
        return sa.func.to_char(column, "YYYY-MM-DD HH24:MI:SS.US")
    if dialect == "sqlite" and isinstance(column.type, sa.Boolean):
        return sa.case((column.is_(True), "true"), (column.is_(False), "false"), else_=sa.cast(column, sa.Text))
    return sa.cast(column, sa.Text)
