"""The relational tables and the connection to them. SQLite is the embedded default; PostgreSQL has the same schema."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from medpipe import owner_only
from medpipe.backends.sql.migrations import migrate, parsed
from medpipe.errors import UsageError

BUSY_TIMEOUT_SECONDS = 10
"""How long a SQLite writer waits for another writer. It is less than `routes.LIVE_SECONDS`: otherwise a gateway that
waits for the database would be taken for a dead one."""

metadata = sa.MetaData()


class Moment(sa.TypeDecorator[datetime]):
    """An aware UTC datetime. SQLite has no time zones, so both databases store naive UTC."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Convert to naive UTC. Raises ValueError for a naive datetime: it would be read back as another moment."""
        if value is not None and value.tzinfo is None:
            raise ValueError(f"{value} has no time zone; give it one (datetime.now(UTC))")
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Return the stored moment as an aware UTC datetime."""
        return None if value is None else value.replace(tzinfo=UTC)


def _column(name: str, kind: Any, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, **{"nullable": False, **options})


def _chained() -> tuple[sa.Column[Any], ...]:
    """Return the columns of a hash chain; see `medpipe.backends.sql.chain`."""
    return (_column("previous", sa.String(64)), _column("digest", sa.String(64)))


answers = sa.Table(
    "answers",
    metadata,
    _column("answer_id", sa.String(64), primary_key=True),
    _column("at", Moment, index=True),
    _column("identity", sa.String(64)),
    _column("question", sa.Text),
    _column("answer", sa.Text),
    _column("version", sa.String(200)),
    _column("adapter_name", sa.String(200)),
    _column("refused", sa.Boolean),
    _column("salt", sa.String(32), nullable=True),
    _column("personal", sa.String(64), nullable=True),
)

feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("answer_id", sa.String(64), sa.ForeignKey("answers.answer_id"), primary_key=True),
    _column("identity", sa.String(64), primary_key=True),
    _column("rating", sa.String(8)),
    _column("correction", sa.Text, nullable=True),
    _column("at", Moment, index=True),
    _column("salt", sa.String(32), nullable=True),
    _column("stars", sa.Integer, nullable=True),
    _column("category", sa.String(20), nullable=True),
    _column("reason", sa.Text, nullable=True),
    _column("preferred", sa.String(64), nullable=True, index=True),
    _column("alternative", sa.Text, nullable=True),
)

journal = sa.Table(
    "journal",
    metadata,
    _column("number", sa.Integer, primary_key=True, autoincrement=True),
    _column("at", Moment),
    _column("event", sa.String(20)),
    _column("answer_id", sa.String(64), index=True),
    _column("rater", sa.String(64)),
    _column("content", sa.String(64)),
    _column("batch", sa.Integer, nullable=True, index=True),
    sqlite_autoincrement=True,
)

audit = sa.Table(
    "audit",
    metadata,
    _column("sequence", sa.Integer, primary_key=True, autoincrement=True),
    _column("at", Moment),
    _column("what", sa.String(40)),
    _column("subject", sa.String(200)),
    _column("content", sa.String(64)),
    *_chained(),
    sa.Index("audit_is_one_chain", "previous", unique=True),
    sqlite_autoincrement=True,
)

ledger = sa.Table(
    "ledger",
    metadata,
    _column("sequence", sa.Integer, primary_key=True, autoincrement=True),
    _column("at", Moment),
    _column("event", sa.String(40)),
    _column("version", sa.String(200)),
    _column("decision", sa.String(200)),
    _column("reasons", sa.JSON),
    *_chained(),
    _column("key", sa.String(200), nullable=True),
    _column("evidence", sa.String(64), nullable=True),
    _column("by", sa.String(200), nullable=True),
    sa.Index("ledger_by_version", "version"),
    sa.Index("ledger_is_one_chain", "previous", unique=True),
    sa.Index("ledger_has_a_key_once", "key", unique=True),
    sqlite_autoincrement=True,
)

champion = sa.Table(
    "champion",
    metadata,
    _column("cell", sa.Integer, primary_key=True, autoincrement=False),
    _column("version", sa.String(200), nullable=True),
)

route = sa.Table(
    "route",
    metadata,
    _column("generation", sa.Integer, primary_key=True, autoincrement=False),
    _column("version", sa.String(200)),
    _column("adapter_name", sa.String(200)),
    _column("contract", sa.JSON),
    _column("at", Moment),
)

adapter_names = sa.Table(
    "adapter_names",
    metadata,
    _column("name", sa.String(200), primary_key=True),
    _column("at", Moment),
)

gateways = sa.Table(
    "gateways",
    metadata,
    _column("gateway", sa.String(64), primary_key=True),
    _column("generation", sa.Integer),
    _column("oldest_in_flight", sa.Integer, nullable=True),
    _column("seen_at", Moment),
)

withdrawals = sa.Table(
    "withdrawals",
    metadata,
    _column("sequence", sa.Integer, primary_key=True, autoincrement=True),
    _column("document", sa.String(200), index=True),
    _column("state", sa.String(20)),
    _column("at", Moment),
    _column("reason", sa.Text),
    _column("by", sa.String(200)),
    _column("evidence", sa.String(200)),
    _column("claims", sa.JSON),
    _column("revision", sa.BigInteger, nullable=True),
    *_chained(),
    sa.Index("withdrawals_is_one_chain", "previous", unique=True),
    sqlite_autoincrement=True,
)

gateway_blocks = sa.Table(
    "gateway_blocks",
    metadata,
    _column("gateway", sa.String(64), primary_key=True),
    _column("sequence", sa.Integer),
)

keys = sa.Table(
    "keys",
    metadata,
    _column("id", sa.String(64), primary_key=True),
    _column("holder", sa.String(64), index=True),
    _column("digest", sa.String(64), unique=True),
    _column("label", sa.String(200)),
    _column("role", sa.String(20)),
    _column("created", Moment),
    _column("revoked_at", Moment, nullable=True),
    _column("reason", sa.Text),
    _column("scopes", sa.String(200), nullable=True),
    _column("expires_at", Moment, nullable=True),
    _column("requests_per_minute", sa.Integer, nullable=True),
    _column("tokens_per_minute", sa.Integer, nullable=True),
    _column("replaced_by", sa.String(64), nullable=True),
)

erasures = sa.Table(
    "erasures",
    metadata,
    _column("sequence", sa.Integer, primary_key=True, autoincrement=True),
    _column("at", Moment),
    _column("answer_id", sa.String(64)),
    _column("identity", sa.String(64)),
    _column("reason", sa.Text),
    _column("by", sa.String(200)),
    sqlite_autoincrement=True,
)

corrections = sa.Table(
    "corrections",
    metadata,
    _column("sequence", sa.Integer, primary_key=True, autoincrement=True),
    _column("at", Moment),
    _column("correction", sa.String(64)),
    _column("decision", sa.String(20)),
    _column("reason", sa.Text),
    _column("by", sa.String(200)),
    sqlite_autoincrement=True,
)

stops = sa.Table(
    "stops",
    metadata,
    _column("sequence", sa.Integer, primary_key=True, autoincrement=True),
    _column("at", Moment),
    _column("stopped", sa.Boolean),
    _column("reason", sa.Text),
    _column("by", sa.String(200)),
    sqlite_autoincrement=True,
)

published_indexes = sa.Table(
    "published_indexes",
    metadata,
    _column("sequence", sa.Integer, primary_key=True, autoincrement=True),
    _column("at", Moment),
    _column("index_ref", sa.String(64)),
    sqlite_autoincrement=True,
)

leases = sa.Table(
    "leases",
    metadata,
    _column("name", sa.String(200), primary_key=True),
    _column("token", sa.Integer),
    _column("expires_at", Moment),
)


def now() -> datetime:
    """Return the present moment: the default clock of the SQL backends."""
    return datetime.now(UTC)


def newest(table: sa.Table) -> sa.Select[Any]:
    """Return the query of the row with the highest primary key: what holds now, in a table that only grows."""
    return sa.select(table).order_by(*(column.desc() for column in table.primary_key)).limit(1)


def connect(url: str) -> Engine:
    """Return an engine on the database at `url` (an SQLAlchemy address), after migrating it to the newest schema.

    Several processes may call this at the same time: one migrates, the others wait. For SQLite, the parent folder
    is created, and only the owner may read the files; write-ahead logging lets readers work beside one writer, and
    writers wait for each other. Errors hide the values of statements, because questions, answers and corrections are
    among them.

    Raises UsageError for an address that cannot work, and Unavailable when the database does not answer.
    """
    address = parsed(url)
    if address.get_backend_name() != "sqlite":
        migrate(url)
        return sa.create_engine(url, pool_pre_ping=True, hide_parameters=True)
    path = address.database
    if not path or path == ":memory:":
        raise UsageError(
            f"{url}: the database must be a file, because several processes share it; "
            "set MEDPIPE_DATABASE_URL to sqlite:///PATH"
        )
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    migrate(url)
    for suffix in ("", "-wal", "-shm", ".lock"):  # SQLite gives its other files the mode of the database
        owner_only.mend(Path(f"{path}{suffix}"))
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_SECONDS}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


# While the last connection of another process closes, SQLite refuses others at once, without waiting its timeout
# (https://www.sqlite.org/wal.html, section 8).
@retry(
    retry=retry_if_exception_type(sqlite3.OperationalError),
    stop=stop_after_delay(BUSY_TIMEOUT_SECONDS),
    wait=wait_fixed(0.05),
    reraise=True,
)
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")  # else what was erased would stay in the file's free pages
    cursor.execute("PRAGMA recursive_triggers=ON")  # else INSERT OR REPLACE would delete a row without a trigger
    cursor.close()
