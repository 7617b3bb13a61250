"""The database's schema, step by step (Alembic). `migrate` brings any database to the newest step."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection, make_url

_LOCK_NUMBER = 0x6D656470
"""PostgreSQL advisory lock of medpipe's migrations ("medp")."""


def migrate(url: str) -> None:
    """Bring the database at `url` to the newest schema. Safe when several processes call it at once.

    A file lock (SQLite) or an advisory lock (PostgreSQL) lets one process migrate while the others wait and
    then find nothing to do.
    """
    engine = sa.create_engine(url, connect_args={"timeout": 60} if _is_sqlite(url) else {})
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    newest = ScriptDirectory.from_config(config).get_current_head()
    try:
        with engine.connect() as connection:
            if MigrationContext.configure(connection).get_current_revision() == newest:
                return
        with _locked(url), engine.connect() as connection, _advisory(connection):
            if MigrationContext.configure(connection).get_current_revision() != newest:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                connection.commit()
    finally:
        engine.dispose()


def _is_sqlite(url: str) -> bool:
    return make_url(url).get_backend_name() == "sqlite"


@contextmanager
def _locked(url: str) -> Iterator[None]:
    """Hold `<database>.lock` while a SQLite database migrates."""
    path = make_url(url).database
    if not _is_sqlite(url) or not path:
        yield
        return
    with Path(f"{path}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _advisory(connection: Connection) -> Iterator[None]:
    """Hold PostgreSQL's advisory lock; it falls with the connection if the process dies."""
    if connection.dialect.name != "postgresql":
        yield
        return
    connection.execute(sa.select(sa.func.pg_advisory_lock(_LOCK_NUMBER)))
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(sa.select(sa.func.pg_advisory_unlock(_LOCK_NUMBER)))
        connection.commit()
