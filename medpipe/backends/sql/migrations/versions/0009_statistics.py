"""PostgreSQL's statistics hold no text that people wrote: an erasure does not reach them."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"

_TEXTS = (("answers", "question"), ("answers", "answer"), ("feedback", "correction"))


def upgrade() -> None:
    """Let `ANALYZE` sample none of these columns, and remove what it sampled. No query selects by them."""
    _set_statistics(0)
    _forget()


def downgrade() -> None:
    """Let `ANALYZE` sample them by the server's default."""
    _set_statistics(-1)


def _forget() -> None:
    """Remove the statistics of the columns: PostgreSQL does when a type is set, and rewrites nothing for the same one.

    `ANALYZE` keeps the old samples of a column that it skips.
    """
    if op.get_bind().dialect.name == "postgresql":
        for table, column in _TEXTS:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE text")


def _set_statistics(target: int) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table, column in _TEXTS:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS {target}")
