"""The relational tables, and how to reach them: SQLite embedded, PostgreSQL at scale, one schema."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine, make_url

from medpipe.backends.sql.migrations import migrate

BUSY_TIMEOUT_SECONDS = 10
"""How long a SQLite writer waits for another one: less than `routes.LIVE_SECONDS`, so that a gateway that waits
for the database is not taken for a dead one."""

metadata = sa.MetaData()


class Moment(sa.TypeDecorator[datetime]):
    """An aware UTC datetime. SQLite has no time zones, so both databases keep naive UTC."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Refuse naive datetimes: they would be read back as another moment."""
        if value is not None and value.tzinfo is None:
            raise ValueError(f"{value} has no time zone; give it one (datetime.now(UTC))")
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Give the time zone back."""
        return None if value is None else value.replace(tzinfo=UTC)


def _column(name: str, kind: Any, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, **{"nullable": False, **options})


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
)

feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("answer_id", sa.String(64), sa.ForeignKey("answers.answer_id"), primary_key=True),
    _column("identity", sa.String(64), primary_key=True),
    _column("rating", sa.String(8)),
    _column("correction", sa.Text, nullable=True),
    _column("at", Moment, index=True),
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


def now() -> datetime:
    """The default clock of the backends below."""
    return datetime.now(UTC)


def connect(url: str) -> Engine:
    """An engine on a migrated database.

    Several processes may call this at once: one migrates, the others wait. For SQLite the parent folder is
    made, write-ahead logging lets readers and one writer work together, and writers wait for each other. Errors
    hide the values of statements: among them are questions, answers and what people said of them.
    """
    if make_url(url).get_backend_name() != "sqlite":
        migrate(url)
        return sa.create_engine(url, pool_pre_ping=True, hide_parameters=True)
    path = make_url(url).database
    if not path or path == ":memory:":
        raise ValueError(f"{url}: the database must be a file, since several processes share it")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    migrate(url)
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_SECONDS}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
