"""Each route says how its version is asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from medpipe.errors import UsageError

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the contract. Routes without one are of releases whose versions cannot be read: deploy again."""
    if op.get_bind().execute(sa.text("SELECT COUNT(*) FROM route")).scalar_one():
        raise UsageError(
            "this database was made by an earlier release, whose versions do not say how they are served: "
            "start with an empty one (MEDPIPE_DATABASE_URL, MEDPIPE_HOME)"
        )
    op.add_column("route", sa.Column("contract", sa.JSON, nullable=False, server_default="{}"))


def downgrade() -> None:
    """Refuse: routes are append-only."""
    raise UsageError("this migration cannot be undone: the routes are append-only")
