"""Issued keys, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from medpipe.backends.heads_file import HeadsFile
from medpipe.backends.sql.audit import SqlAudit
from medpipe.backends.sql.database import connect
from medpipe.backends.sql.keys import SqlKeys
from medpipe.core.teaching.identities import Grant
from medpipe.errors import NotFound, UsageError

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


def test_a_key_has_the_scopes_the_end_and_the_limits_that_it_was_issued_with(keys: SqlKeys) -> None:
    grant = Grant(
        scopes=("ask", "admin"), expires_at=START + timedelta(days=9), requests_per_minute=60, tokens_per_minute=0
    )
    issued = keys.issue("ann", "person", grant)

    assert keys.holder(issued.secret) == issued.key
    assert Grant(**issued.key.model_dump(include=set(Grant.model_fields))) == grant
    assert issued.key.refusal(START + timedelta(days=8)) == ""
    assert issued.key.refusal(START + timedelta(days=9)) == "expired at 2026-03-13 00:00 UTC"


def test_a_key_of_an_earlier_release_asks_and_rates_and_does_nothing_else(database_url: str, keys: SqlKeys) -> None:
    issued = keys.issue("ann", "person")
    with connect(database_url).begin() as connection:
        connection.execute(sa.text("UPDATE keys SET scopes = NULL"))
    found = keys.holder(issued.secret)
    assert found is not None and found.scopes == ("ask", "triage", "feedback")


def test_a_rotated_key_and_its_successor_have_one_holder_and_both_are_valid_for_the_overlap(keys: SqlKeys) -> None:
    grant = Grant(scopes=("ask", "review"), expires_at=START + timedelta(days=30), tokens_per_minute=5)
    old = keys.issue("ann", "application", grant)
    new = keys.rotate(old.key.id, timedelta(days=2))

    assert new.secret != old.secret and keys.holder(new.secret) == new.key
    same = ("holder", "label", "role", "scopes", "tokens_per_minute", "expires_at")
    assert [getattr(new.key, name) for name in same] == [getattr(old.key, name) for name in same]
    found = keys.holder(old.secret)
    assert found is not None and found.replaced_by == new.key.id
    assert found.refusal(START + timedelta(days=1)) == "" != found.refusal(START + timedelta(days=2))


def test_an_overlap_does_not_lengthen_a_keys_life(keys: SqlKeys) -> None:
    old = keys.issue("ann", "person", Grant(expires_at=START + timedelta(days=1)))
    keys.rotate(old.key.id, timedelta(days=7))
    found = keys.holder(old.secret)
    assert found is not None and found.expires_at == START + timedelta(days=1)


def test_only_a_key_in_force_is_rotated_and_only_once(keys: SqlKeys) -> None:
    rotated, revoked = keys.issue("ann", "person").key, keys.issue("bob", "person").key
    expired = keys.issue("cid", "person", Grant(expires_at=START)).key
    successor = keys.rotate(rotated.id, timedelta(hours=1)).key
    keys.revoke(revoked.id, "lost")
    for key, reason in (
        (rotated, f"was rotated to {successor.id}"),
        (revoked, "was revoked"),
        (expired, "expired at"),
    ):
        with pytest.raises(UsageError, match=reason):
            keys.rotate(key.id, timedelta(hours=1))
    with pytest.raises(NotFound):
        keys.rotate("key-1", timedelta(hours=1))
    assert len(keys.all()) == 4


def test_the_audit_covers_every_change_of_a_key(database_url: str, tmp_path: Path) -> None:
    engine, heads = connect(database_url), HeadsFile(tmp_path / "heads.jsonl")
    keys = SqlKeys(engine, lambda: START, heads)
    keys.rotate(keys.issue("ann", "person").key.id, timedelta(hours=1))
    assert list(SqlAudit(engine, heads).faults()) == []
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE keys SET scopes = 'ask admin'"))
    assert len(list(SqlAudit(engine, heads).faults())) == 2
