"""The first tables: answers and feedback, the append-only ledger with its champion, routes and gateways."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from medpipe.errors import UsageError

revision = "0001"
down_revision = None

_REFUSALS_SQLITE = tuple(
    f"CREATE TRIGGER {table}_refuses_{verb} BEFORE {verb} ON {table} "
    f"BEGIN SELECT RAISE(ABORT, 'the {table} is append-only'); END"
    for table in ("ledger", "route", "adapter_names")
    for verb in ("UPDATE", "DELETE")
)

_REFUSALS_POSTGRESQL = (
    "CREATE FUNCTION medpipe_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN RAISE EXCEPTION 'the % is append-only', TG_TABLE_NAME; END $$",
    *(
        f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION medpipe_append_only()"
        for table in ("ledger", "route", "adapter_names")
    ),
)


def upgrade() -> None:
    """Create the tables, the champion's single cell, and the triggers that refuse changes of history."""
    _create_tables()
    op.execute("INSERT INTO champion (cell, version) VALUES (1, NULL)")
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _REFUSALS_SQLITE if sqlite else _REFUSALS_POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: a downgrade would delete the ledger."""
    raise UsageError("the first migration cannot be undone: the ledger is append-only")


def _create_tables() -> None:
    op.create_table(
        "answers",
        sa.Column("answer_id", sa.String(64), primary_key=True),
        sa.Column("at", sa.DateTime, nullable=False, index=True),
        sa.Column("identity", sa.String(64), nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("version", sa.String(200), nullable=False),
        sa.Column("adapter_name", sa.String(200), nullable=False),
        sa.Column("refused", sa.Boolean, nullable=False),
    )
    op.create_table(
        "feedback",
        sa.Column("answer_id", sa.String(64), sa.ForeignKey("answers.answer_id"), primary_key=True),
        sa.Column("identity", sa.String(64), primary_key=True),
        sa.Column("rating", sa.String(8), nullable=False),
        sa.Column("correction", sa.Text),
        sa.Column("at", sa.DateTime, nullable=False, index=True),
    )
    op.create_table(
        "ledger",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("event", sa.String(40), nullable=False),
        sa.Column("version", sa.String(200), nullable=False),
        sa.Column("decision", sa.String(200), nullable=False),
        sa.Column("reasons", sa.JSON, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "champion",
        sa.Column("cell", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("version", sa.String(200)),
    )
    op.create_table(
        "route",
        sa.Column("generation", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("version", sa.String(200), nullable=False),
        sa.Column("adapter_name", sa.String(200), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "adapter_names",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "gateways",
        sa.Column("gateway", sa.String(64), primary_key=True),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("oldest_in_flight", sa.Integer),
        sa.Column("seen_at", sa.DateTime, nullable=False),
    )
