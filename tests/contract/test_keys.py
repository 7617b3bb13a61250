"""Issued keys, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from medpipe.backends.sql.database import connect
from medpipe.backends.sql.keys import SqlKeys
from medpipe.errors import NotFound

START = datetime(2026, 3, 4, tzinfo=UTC)


@pytest.fixture
def keys(database_url: str) -> SqlKeys:
    return SqlKeys(connect(database_url), lambda: START)


def test_a_secret_finds_its_key_and_is_stored_nowhere(database_url: str, keys: SqlKeys) -> None:
    issued = keys.issue("Dr. Calder", "person")

    assert keys.holder(issued.secret) == issued.key
    assert keys.holder(issued.secret[:-1]) is None
    with connect(database_url).connect() as connection:
        stored = str(connection.execute(sa.text("SELECT * FROM keys")).all())
    assert issued.secret not in stored and "Calder" not in issued.key.holder


def test_keys_with_one_label_have_one_holder(keys: SqlKeys) -> None:
    first, second, other = (keys.issue(label, "person").key for label in ("ann", "ann", "bob"))

    assert first.holder == second.holder != other.holder
    assert len({first.id, second.id, other.id}) == 3
    assert sorted(keys.all(), key=lambda key: key.id) == sorted([first, second, other], key=lambda key: key.id)


def test_a_revoked_key_keeps_its_first_revocation(keys: SqlKeys) -> None:
    issued = keys.issue("ann", "application")

    assert keys.revoke(issued.key.id, "lost").revoked_at == START
    assert keys.revoke(issued.key.id, "again").reason == "lost"
    found = keys.holder(issued.secret)
    assert found is not None and (found.role, found.reason) == ("application", "lost")


def test_a_key_that_was_never_issued_cannot_be_revoked(keys: SqlKeys) -> None:
    with pytest.raises(NotFound, match="there is no key 'key-1'"):
        keys.revoke("key-1", "lost")
