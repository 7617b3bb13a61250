"""The ledger says who decided, and finds the entries of one version without reading all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from medpipe.errors import UsageError

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the column `by`, and an index by version."""
    # Without a default: a value in entries that there are would no longer fit their digests.
    op.add_column("ledger", sa.Column("by", sa.String(200)))
    op.create_index("ledger_by_version", "ledger", ["version"])


def downgrade() -> None:
    """Refuse: the ledger is append-only."""
    raise UsageError("this migration cannot be undone: the ledger is append-only")
