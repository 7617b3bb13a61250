"""Run by Alembic. `medpipe.backends.sql.migrations.migrate` passes an open connection and holds the lock."""

from __future__ import annotations

from alembic import context

connection = context.config.attributes["connection"]
connection.rollback()
context.configure(connection=connection)
with context.begin_transaction():
    context.run_migrations()
