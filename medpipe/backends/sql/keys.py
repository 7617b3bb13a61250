"""Issued keys."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from medpipe.backends.sql import audit, chain, database
from medpipe.core.teaching.identities import USERS_SCOPES, Grant, IssuedKey, Key, Role
from medpipe.errors import NotFound, UsageError
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

    def issue(self, label: str, role: Role, grant: Grant | None = None) -> IssuedKey:
        """See the port."""
        table = database.keys
        held = sa.select(table.c.holder).where(table.c.label == label)
        with chain.writing(self._engine, database.audit, self._heads) as write:
            holder = write.connection.execute(held).scalar() or f"holder-{secrets.token_hex(12)}"
            return _insert(write, holder, label, role, grant or Grant(), self._clock())

    def rotate(self, key: str, overlap: timedelta) -> IssuedKey:
        """See the port."""
        table, now = database.keys, self._clock()
        with chain.writing(self._engine, database.audit, self._heads) as write:
            old = _found(write.connection, key)
            if reason := old.refusal(now):
                raise UsageError(f"the key {key} {reason}: issue a new one under the same label")
            if old.replaced_by:
                raise UsageError(f"the key {key} was rotated to {old.replaced_by}: rotate that one")
            lifetime = old.expires_at - old.created if old.expires_at else None
            fields = old.model_dump(include=set(Grant.model_fields))
            grant = Grant(**fields | {"expires_at": now + lifetime if lifetime else None})
            issued = _insert(write, old.holder, old.label, old.role, grant, now)
            end = min(filter(None, (old.expires_at, now + overlap)))
            change = {"expires_at": end, "replaced_by": issued.key.id}
            write.connection.execute(sa.update(table).where(table.c.id == key).values(change))
            audit.note(write, table, key, now)
        return issued

    def revoke(self, key: str, reason: str) -> Key:
        """See the port."""
        table = database.keys
        change, now = sa.update(table).where(table.c.id == key, table.c.revoked_at.is_(None)), self._clock()
        with chain.writing(self._engine, database.audit, self._heads) as write:
            if write.connection.execute(change.values(revoked_at=now, reason=reason)).rowcount:
                audit.note(write, table, key, now)
            return _found(write.connection, key)

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


def _insert(write: chain.Writing, holder: str, label: str, role: Role, grant: Grant, now: datetime) -> IssuedKey:
    """Store a new key and note it in the audit."""
    secret = _PREFIX + secrets.token_urlsafe(32)
    key = Key(
        id=f"key-{secrets.token_hex(8)}", holder=holder, label=label, role=role, created=now, **grant.model_dump()
    )
    columns = key.model_dump() | {"scopes": " ".join(key.scopes), "digest": _digest(secret)}
    write.connection.execute(sa.insert(database.keys).values(columns))
    audit.note(write, database.keys, key.id, now)
    return IssuedKey(key=key, secret=secret)


def _found(connection: sa.Connection, key: str) -> Key:
    row = connection.execute(sa.select(database.keys).where(database.keys.c.id == key)).first()
    if row is None:
        raise NotFound(f"there is no key {key!r}; `medpipe keys` lists the keys")
    return _key(row)


def _key(row: sa.Row[Any]) -> Key:
    """Return a key. One of an earlier release has no scopes in its row, which its entry in the audit covers."""
    scopes = USERS_SCOPES if row.scopes is None else tuple(row.scopes.split())
    return Key.model_validate({name: getattr(row, name) for name in Key.model_fields} | {"scopes": scopes})
