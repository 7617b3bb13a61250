"""The register of withdrawals, append-only like the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from medpipe.errors import UsageError

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table, and the triggers that refuse changes of it."""
    op.create_table(
        "withdrawals",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("document", sa.String(200), nullable=False, index=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("evidence", sa.String(200), nullable=False),
        sa.Column("claims", sa.JSON, nullable=False),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER withdrawals_refuses_{verb} BEFORE {verb} ON withdrawals "
                "BEGIN SELECT RAISE(ABORT, 'the withdrawals table is append-only'); END"
            )
    else:
        op.execute(
            "CREATE TRIGGER withdrawals_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON withdrawals "
            "FOR EACH STATEMENT EXECUTE FUNCTION medpipe_append_only()"
        )


def downgrade() -> None:
    """Refuse: a downgrade would delete the register."""
    raise UsageError("this migration cannot be undone: the register of withdrawals is append-only")
