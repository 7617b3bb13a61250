"""The audit's chain, and the journal of answers and ratings that it covers."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from medpipe.backends.sql import chain, journal
from medpipe.backends.sql.database import Moment
from medpipe.core.chain import digest
from medpipe.errors import UsageError

revision = "0008"
down_revision = "0007"

_WATCHED = ("route", "keys", "erasures", "corrections")
_ROWS = 2000
"""Rows that are read, changed and journalled at once. Bounds the texts in memory."""
_SAY_EVERY = 100_000
"""Rows after which the log says how far the migration is."""

_log = logging.getLogger("medpipe.migrations")


def upgrade() -> None:
    """Create the tables, note the rows that there are, and refuse changes of the audit."""
    for table in ("answers", "feedback"):
        op.add_column(table, sa.Column("salt", sa.String(32)))
    op.add_column("answers", sa.Column("personal", sa.String(64)))
    _create_tables()
    connection = op.get_bind()
    _note_rows(connection)
    _write_journal(connection)
    for statement in _refusals() if connection.dialect.name == "sqlite" else _refusals_of_postgresql():
        op.execute(statement)


def downgrade() -> None:
    """Refuse: a downgrade would delete the audit."""
    raise UsageError("this migration cannot be undone: the audit is append-only")


def _create_tables() -> None:
    op.create_table(
        "journal",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("event", sa.String(20), nullable=False),
        sa.Column("answer_id", sa.String(64), nullable=False, index=True),
        sa.Column("rater", sa.String(64), nullable=False),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("batch", sa.Integer, index=True),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "audit",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("what", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("audit_is_one_chain", "audit", ["previous"], unique=True)


def _note_rows(connection: sa.Connection) -> None:
    """Chain the digest of every route, key, erasure and decision that there is."""
    audit, now = _table(connection, "audit", sa.Column("at", Moment)), datetime.now(UTC)
    for name in _WATCHED:
        table = _table(connection, name)
        (key,) = table.primary_key.columns
        for row in list(chain.stored(connection, sa.select(*chain.as_texts(connection, table)).order_by(key))):
            entry = {"at": now, "what": name, "subject": row[key.name], "content": digest(row)}
            chain.append(connection, audit, entry)


def _write_journal(connection: sa.Connection) -> None:
    """Give every answer and rating its salt and its entry. The next `chain_answers` chains them."""
    entries = _table(connection, "journal")
    for name, event in (("answers", journal.ANSWERED), ("feedback", journal.RATED)):
        table = _table(connection, name)
        count = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        done = 0
        for rows in _batches(connection, table):
            added = [_added(name, row) for row in rows]
            both = list(zip(rows, added, strict=True))
            connection.execute(_adding(table, added[0]), [_named("old", row) | _named("new", new) for row, new in both])
            connection.execute(sa.insert(entries), [_entry(event, row, row | new) for row, new in both])
            done += len(rows)
            if done % _SAY_EVERY == 0 or done == count:
                _log.info("migration %s: %s of %s rows of %s are journalled", revision, done, count, name)


def _added(name: str, row: dict[str, str]) -> dict[str, str]:
    """Return the new columns of a row."""
    salted = {"salt": journal.salt()}
    return salted | ({"personal": journal.personal(row | salted)} if name == "answers" else {})


def _adding(table: sa.Table, columns: Iterable[str]) -> sa.Update:
    """Return the statement that sets columns (`new_…`) of the row with a primary key (`old_…`)."""
    same = [column == sa.bindparam(f"old_{column.name}") for column in table.primary_key.columns]
    return sa.update(table).where(*same).values({name: sa.bindparam(f"new_{name}") for name in columns})


def _named(prefix: str, values: Mapping[str, str]) -> dict[str, str]:
    return {f"{prefix}_{name}": value for name, value in values.items()}


def _entry(event: str, row: Mapping[str, str], whole: Mapping[str, str]) -> dict[str, object]:
    rated = event == journal.RATED
    return {
        "at": datetime.fromisoformat(row["at"]),
        "event": event,
        "answer_id": row["answer_id"],
        "rater": journal.rater(row["answer_id"], row["identity"]) if rated else "",
        "content": journal.content(whole),
    }


def _batches(connection: sa.Connection, table: sa.Table) -> Iterator[list[dict[str, str]]]:
    """Yield the rows of a table as texts, in the order of its primary key; one batch is in memory at once."""
    key = list(table.primary_key.columns)
    batch = sa.select(*chain.as_texts(connection, table)).order_by(*key).limit(_ROWS)
    rows = list(chain.stored(connection, batch))
    while rows:
        yield rows
        last = [rows[-1][column.name] for column in key]
        rows = list(chain.stored(connection, batch.where(sa.tuple_(*key) > sa.tuple_(*last))))


def _table(connection: sa.Connection, name: str, *known: sa.Column[datetime]) -> sa.Table:
    """Return a table as the database has it. `known`: columns whose type the database does not know."""
    return sa.Table(name, sa.MetaData(), *known, autoload_with=connection)


def _refusals() -> list[str]:
    replaced = "WHEN EXISTS (SELECT 1 FROM audit WHERE sequence = NEW.sequence OR previous = NEW.previous)"
    refuse = "BEGIN SELECT RAISE(ABORT, 'the audit table is append-only'); END"
    return [
        *(f"CREATE TRIGGER audit_refuses_{verb} BEFORE {verb} ON audit {refuse}" for verb in ("UPDATE", "DELETE")),
        f"CREATE TRIGGER audit_refuses_replacement BEFORE INSERT ON audit {replaced} {refuse}",
    ]


def _refusals_of_postgresql() -> list[str]:
    return [
        "CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION medpipe_append_only()"
    ]
