"""Hash chains over the ledger and the register of withdrawals, keys of effects, leases, refusals of replacement."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from medpipe.backends.sql.chain import links
from medpipe.core.chain import START, digest
from medpipe.errors import UsageError

revision = "0004"
down_revision = "0002"

_CHAINED = ("ledger", "withdrawals")

_NO_REPLACEMENT = {
    "ledger": "sequence = NEW.sequence OR previous = NEW.previous OR key = NEW.key",
    "withdrawals": "sequence = NEW.sequence OR previous = NEW.previous",
    "route": "generation = NEW.generation",
    "adapter_names": "name = NEW.name",
}
"""Table → what a new row must not share with an old one. SQLite's INSERT OR REPLACE deletes the old row without a
trigger on DELETE; this trigger comes before that."""


def upgrade() -> None:
    """Add the columns, chain the entries that there are, and refuse replacement."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in _CHAINED:
        for name in ("previous", "digest"):
            op.add_column(table, sa.Column(name, sa.String(64), nullable=False, server_default=""))
        _chain(table, sqlite)
        op.create_index(f"{table}_is_one_chain", table, ["previous"], unique=True)
    op.add_column("ledger", sa.Column("key", sa.String(200)))
    op.add_column("ledger", sa.Column("evidence", sa.String(64)))
    op.create_index("ledger_has_a_key_once", "ledger", ["key"], unique=True)
    op.create_table(
        "leases",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("token", sa.Integer, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
    )
    if sqlite:
        for table, shared in _NO_REPLACEMENT.items():
            op.execute(
                f"CREATE TRIGGER {table}_refuses_replacement BEFORE INSERT ON {table} "
                f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {shared}) "
                f"BEGIN SELECT RAISE(ABORT, 'the {table} table is append-only'); END"
            )


def downgrade() -> None:
    """Refuse: a downgrade would delete the chains."""
    raise UsageError("this migration cannot be undone: its chains show that the ledger is append-only")


def _chain(table: str, sqlite: bool) -> None:
    """Number the entries from 1 on and give each its digest, while the refusals of changes are off."""
    refusals = _dropped(table) if sqlite else []
    if not sqlite:
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    connection = op.get_bind()
    rows = sa.Table(table, sa.MetaData(), autoload_with=connection)
    numbers = connection.execute(sa.select(rows.c.sequence).order_by(rows.c.sequence)).scalars().all()
    for sequence, number in enumerate(numbers, start=1):
        connection.execute(sa.update(rows).where(rows.c.sequence == number).values(sequence=sequence))
    previous = START
    for link in list(links(connection, rows)):
        chained = {"previous": previous, "digest": digest({**link.texts, "previous": previous})}
        connection.execute(sa.update(rows).where(rows.c.sequence == link.sequence).values(chained))
        previous = chained["digest"]
    if not sqlite:
        op.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    for statement in refusals:
        op.execute(statement)


def _dropped(table: str) -> list[str]:
    """Drop the triggers of a SQLite table, and return the statements that make them again."""
    triggers = (
        op.get_bind()
        .execute(
            sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"),
            {"table": table},
        )
        .all()
    )
    for name, _ in triggers:
        op.execute(f"DROP TRIGGER {name}")
    return [statement for _, statement in triggers]
