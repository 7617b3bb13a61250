"""The audit's chain, and the journal of answers and ratings that it covers."""

from __future__ import annotations

from collections.abc import Iterator
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
_ROWS = 500


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
        for row in _rows(connection, table):
            added = {"salt": journal.salt()}
            if name == "answers":
                added["personal"] = journal.personal(row | added)
            same = [column == row[column.name] for column in table.primary_key.columns]
            connection.execute(sa.update(table).where(*same).values(added))
            values = {
                "at": datetime.fromisoformat(row["at"]),
                "event": event,
                "answer_id": row["answer_id"],
                "rater": "" if name == "answers" else journal.rater(row["answer_id"], row["identity"]),
                "content": journal.content(row | added),
            }
            connection.execute(sa.insert(entries).values(values))


def _rows(connection: sa.Connection, table: sa.Table) -> Iterator[dict[str, str]]:
    """Yield the rows of a table as texts. The ids of all answers are in memory, and the texts of some hundred."""
    ids = connection.execute(sa.select(table.c.answer_id).distinct().order_by(table.c.answer_id)).scalars().all()
    for first in range(0, len(ids), _ROWS):
        some = table.c.answer_id.in_(ids[first : first + _ROWS])
        yield from list(chain.stored(connection, sa.select(*chain.as_texts(connection, table)).where(some)))


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
