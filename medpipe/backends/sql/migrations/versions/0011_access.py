"""Keys with scopes, an end and limits; the switch that stops gateways; more that feedback can say."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from medpipe.errors import UsageError

revision = "0011"
down_revision = "0010"

_TEXTS = ("reason", "alternative")
"""What people write about an answer."""


def upgrade() -> None:
    """Add the columns, without defaults: a value in rows that there are would no longer fit their digests."""
    for column in (
        sa.Column("scopes", sa.String(200)),
        sa.Column("expires_at", sa.DateTime),
        sa.Column("requests_per_minute", sa.Integer),
        sa.Column("tokens_per_minute", sa.Integer),
        sa.Column("replaced_by", sa.String(64)),
    ):
        op.add_column("keys", column)
    for column in (
        sa.Column("stars", sa.Integer),
        sa.Column("category", sa.String(20)),
        sa.Column("reason", sa.Text),
        sa.Column("preferred", sa.String(64)),
        sa.Column("alternative", sa.Text),
    ):
        op.add_column("feedback", column)
    op.create_index("ix_feedback_preferred", "feedback", ["preferred"])
    op.create_table(
        "stops",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("stopped", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sqlite_autoincrement=True,
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _refusals() if sqlite else _of_postgresql():
        op.execute(statement)


def downgrade() -> None:
    """Refuse: a downgrade would give every key every right that it was not issued with."""
    raise UsageError("this migration cannot be undone: keys would lose their scopes, ends and limits")


def _refusals() -> list[str]:
    refuse = "BEGIN SELECT RAISE(ABORT, 'the stops table is append-only'); END"
    return [
        *(f"CREATE TRIGGER stops_refuses_{verb} BEFORE {verb} ON stops {refuse}" for verb in ("UPDATE", "DELETE")),
        "CREATE TRIGGER stops_refuses_replacement BEFORE INSERT ON stops "
        f"WHEN EXISTS (SELECT 1 FROM stops WHERE sequence = NEW.sequence) {refuse}",
    ]


def _of_postgresql() -> list[str]:
    """Return the same for PostgreSQL, and that its statistics hold no text that people wrote (migration 0009)."""
    return [
        "CREATE TRIGGER stops_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON stops "
        "FOR EACH STATEMENT EXECUTE FUNCTION medpipe_append_only()",
        *(f"ALTER TABLE feedback ALTER COLUMN {column} SET STATISTICS 0" for column in _TEXTS),
    ]
