"""The schema of the database as a chain of Alembic migrations. `migrate` brings a database to the newest one."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from medpipe import owner_only
from medpipe.errors import Unavailable, UsageError

_LOCK_NUMBER = 0x6D656470
"""Number of the PostgreSQL advisory lock of medpipe's migrations: the letters "medp"."""


def migrate(url: str) -> None:
    """Bring the database at `url` to the newest schema. Several processes may call this at the same time.

    A file lock (SQLite) or an advisory lock (PostgreSQL) lets one process migrate; the others wait, and then have
    nothing to do. Raises UsageError for an address that cannot work, and Unavailable when the database does
    not answer.
    """
    address = parsed(url)
    try:
        _migrate(url)
    except OperationalError as error:
        raise Unavailable(
            f"the database {address.render_as_string()} does not answer ({type(error.orig).__name__}); "
            "is it up, and is MEDPIPE_DATABASE_URL right?"
        ) from error


def parsed(url: str) -> URL:
    """Return the parts of an SQLAlchemy address. Raises UsageError for anything else; its text is not repeated."""
    try:
        address = make_url(url)
        address.get_dialect().import_dbapi()
    except (ArgumentError, ImportError) as error:
        # Not the address itself: it may hold a password.
        raise UsageError(
            "MEDPIPE_DATABASE_URL is not an SQLAlchemy address of an installed driver; "
            "write sqlite:///PATH or postgresql+psycopg2://USER:PASSWORD@HOST/NAME"
        ) from error
    return address


def _migrate(url: str) -> None:
    path = make_url(url).database
    if path and _is_sqlite(url) and Path(path).parent.is_dir():
        owner_only.file(Path(path))
    engine = sa.create_engine(url, **_options(make_url(url)))
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


def _options(address: URL) -> dict[str, Any]:
    """Return the engine's options: SQLite waits for a writer, and psycopg2 sends many changed rows at once."""
    if address.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": 60}}
    return {"executemany_mode": "values_plus_batch"} if address.get_driver_name() == "psycopg2" else {}


def _is_sqlite(url: str) -> bool:
    return make_url(url).get_backend_name() == "sqlite"


@contextmanager
def _locked(url: str) -> Iterator[None]:
    """Hold `<database>.lock` while a SQLite database migrates."""
    path = make_url(url).database
    if not _is_sqlite(url) or not path:
        yield
        return
    owner_only.file(Path(f"{path}.lock"))
    with Path(f"{path}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _advisory(connection: Connection) -> Iterator[None]:
    """Hold PostgreSQL's advisory lock. The server releases it when the connection ends, even if the process dies."""
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
