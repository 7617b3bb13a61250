"""Issued keys; and, append-only, what was erased and what people decided about corrections."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from medpipe.errors import UsageError

revision = "0005"
down_revision = "0004"

_APPEND_ONLY = ("erasures", "corrections")


def upgrade() -> None:
    """Create the tables, and the triggers that refuse changes of the append-only ones."""
    _create_tables()
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in _APPEND_ONLY:
        for statement in _refusals(table) if sqlite else _refusals_of_postgresql(table):
            op.execute(statement)


def downgrade() -> None:
    """Refuse: a downgrade would forget who may teach, and what was erased."""
    raise UsageError("this migration cannot be undone: what was erased must not be taught again")


def _create_tables() -> None:
    op.create_table(
        "keys",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("holder", sa.String(64), nullable=False, index=True),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("revoked_at", sa.DateTime),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_table(
        "erasures",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("answer_id", sa.String(64), nullable=False),
        sa.Column("identity", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "corrections",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("correction", sa.String(64), nullable=False),
        sa.Column("decision", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sqlite_autoincrement=True,
    )


def _refusals(table: str) -> list[str]:
    return [
        f"CREATE TRIGGER {table}_refuses_{verb} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'the {table} table is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ] + [
        f"CREATE TRIGGER {table}_refuses_replacement BEFORE INSERT ON {table} "
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE sequence = NEW.sequence) "
        f"BEGIN SELECT RAISE(ABORT, 'the {table} table is append-only'); END"
    ]


def _refusals_of_postgresql(table: str) -> list[str]:
    return [
        f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION medpipe_append_only()"
    ]
