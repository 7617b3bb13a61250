"""Issued keys."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from medpipe.backends.sql import audit, chain, database
from medpipe.core.teaching.identities import IssuedKey, Key, Role
from medpipe.errors import NotFound
from medpipe.ports import Heads

_PREFIX = "mpk-"
"""The beginning of every secret, by which scanners of repositories and logs can find one."""


class SqlKeys:
    """Implements `ports.KeyStore`. A secret has 256 random bits, so nobody can guess it from its plain SHA-256."""

    def __init__(
        self, engine: Engine, clock: Callable[[], datetime] = database.now, heads: Heads | None = None
    ) -> None:
        """Prepare; nothing is read yet.

        `engine`: from `database.connect`. `clock`: returns the present moment as an aware datetime. `heads`: keeps
        the digests of the audit's entries outside the database.
        """
        self._engine = engine
        self._clock = clock
        self._heads = heads

    def issue(self, label: str, role: Role) -> IssuedKey:
        """See the port."""
        secret = _PREFIX + secrets.token_urlsafe(32)
        table = database.keys
        held = sa.select(table.c.holder).where(table.c.label == label)
        with chain.writing(self._engine, database.audit, self._heads) as write:
            holder = write.connection.execute(held).scalar()
            key = Key(
                id=f"key-{secrets.token_hex(8)}",
                holder=holder or f"holder-{secrets.token_hex(12)}",
                label=label,
                role=role,
                created=self._clock(),
            )
            write.connection.execute(sa.insert(table).values(**key.model_dump(), digest=_digest(secret)))
            audit.note(write, table, key.id, key.created)
        return IssuedKey(key=key, secret=secret)

    def revoke(self, key: str, reason: str) -> Key:
        """See the port."""
        table = database.keys
        change, now = sa.update(table).where(table.c.id == key, table.c.revoked_at.is_(None)), self._clock()
        with chain.writing(self._engine, database.audit, self._heads) as write:
            if write.connection.execute(change.values(revoked_at=now, reason=reason)).rowcount:
                audit.note(write, table, key, now)
            row = write.connection.execute(sa.select(table).where(table.c.id == key)).first()
        if row is None:
            raise NotFound(f"there is no key {key!r}; `medpipe keys` lists the keys")
        return _key(row)

    def all(self) -> tuple[Key, ...]:
        """See the port."""
        table = database.keys
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(table).order_by(table.c.created, table.c.id)).all()
        return tuple(map(_key, rows))

    def holder(self, secret: str) -> Key | None:
        """See the port."""
        table = database.keys
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(table).where(table.c.digest == _digest(secret))).first()
        return None if row is None else _key(row)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _key(row: sa.Row[Any]) -> Key:
    return Key.model_validate({name: getattr(row, name) for name in Key.model_fields})
