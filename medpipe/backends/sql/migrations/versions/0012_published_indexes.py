"""Which index of sources the gateways search."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_TABLE = "published_indexes"


def upgrade() -> None:
    """Add the table. It is append-only, as that of the stops is."""
    op.create_table(
        _TABLE,
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("index_ref", sa.String(64), nullable=False),
        sqlite_autoincrement=True,
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _of_sqlite() if sqlite else _of_postgresql():
        op.execute(statement)


def downgrade() -> None:
    """Remove the table: answers have no sources any more."""
    op.drop_table(_TABLE)


def _of_sqlite() -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, 'the {_TABLE} table is append-only'); END"
    return [
        *(
            f"CREATE TRIGGER {_TABLE}_refuses_{verb} BEFORE {verb} ON {_TABLE} {refuse}"
            for verb in ("UPDATE", "DELETE")
        ),
        f"CREATE TRIGGER {_TABLE}_refuses_replacement BEFORE INSERT ON {_TABLE} "
        f"WHEN EXISTS (SELECT 1 FROM {_TABLE} WHERE sequence = NEW.sequence) {refuse}",
    ]


def _of_postgresql() -> list[str]:
    return [
        f"CREATE TRIGGER {_TABLE}_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {_TABLE} "
        "FOR EACH STATEMENT EXECUTE FUNCTION medpipe_append_only()"
    ]
