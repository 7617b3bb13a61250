"""What was deleted or blanked leaves the files of the database, too: until then, its bytes can be read there."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError

from medpipe.backends.sql.database import answers, feedback

LARGEST_REWRITE = 2**30
"""Bytes of the largest table that PostgreSQL rewrites at once. Gateways wait meanwhile: some 10 s for a GiB."""
_LOCK_TIMEOUT = "5s"
"""How long a rewrite waits for those who use the table. Others wait behind it."""
_BUSY = "SQLite's log has erased texts while somebody reads the database: run this again"
_STARTED_BEFORE = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND age(backend_xmin) > age(CAST(:now AS xid))"
)
"""Transactions that began before a moment. A rewrite copies the old rows that they might still read."""


def forget(engine: Engine, largest: int = LARGEST_REWRITE) -> str:
    """Overwrite what is left of deleted and blanked texts; return what could not be, as a sentence, else "".

    SQLite overwrites in its file by itself (`secure_delete`), and the write-ahead log is emptied here. PostgreSQL keeps
    old rows, and after `VACUUM` their bytes in the free space of pages; only `VACUUM FULL` writes the table anew.
    `largest`: bytes above which a table is left to a person.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "sqlite":
            return _BUSY if connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalars().one() else ""
        now = connection.exec_driver_sql("SELECT CAST(CAST(pg_current_xact_id() AS xid) AS text)").scalar_one()
        tables = (answers.name, feedback.name)
        kept = ", ".join(table for table in tables if not _rewritten(connection, table, now, largest))
    return f"PostgreSQL's files have erased texts: run VACUUM FULL {kept} when nobody uses the tables" if kept else ""


def _rewritten(connection: Connection, table: str, now: str, largest: int) -> bool:
    """Rewrite a table without its old rows, and return whether that was done. `now`: a transaction's number.

    PostgreSQL only warns when the login may not do it, so the name of the table's file says whether it was done.
    """
    size = connection.execute(sa.select(sa.func.pg_total_relation_size(table))).scalar_one()
    if size > largest or connection.execute(_STARTED_BEFORE, {"now": now}).scalar_one():
        return False
    file = sa.select(sa.func.pg_relation_filenode(table))
    before = connection.execute(file).scalar_one()
    connection.exec_driver_sql(f"SET lock_timeout = '{_LOCK_TIMEOUT}'")
    try:
        connection.exec_driver_sql(f"VACUUM FULL {table}")
    except DBAPIError:  # somebody has used the table for longer
        return False
    finally:
        connection.exec_driver_sql("RESET lock_timeout")
    return bool(connection.execute(file).scalar_one() != before)
