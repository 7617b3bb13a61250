"""Which entry of the register each gateway enforces, and the revision that a withdrawal rests on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from medpipe.errors import UsageError

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the table of gateways' blocks, and add the column `revision` to the register."""
    op.create_table(
        "gateway_blocks",
        sa.Column("gateway", sa.String(64), primary_key=True),
        sa.Column("sequence", sa.Integer, nullable=False),
    )
    # Without a default: a value in entries that there are would no longer fit their digests.
    op.add_column("withdrawals", sa.Column("revision", sa.BigInteger))


def downgrade() -> None:
    """Refuse: the register of withdrawals is append-only."""
    raise UsageError("this migration cannot be undone: the register of withdrawals is append-only")
