"""Whose feedback teaches, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from medpipe.core.teaching.identities import Key, standing, standings
from tests.policies import FEEDBACK

END = datetime(2026, 3, 31, tzinfo=UTC)


def key(id: str, holder: str, days: float, role: str = "person", revoked: float | None = None) -> Key:
    """A key that was issued some days before END, and revoked some days before it."""
    ended = None if revoked is None else END - timedelta(days=revoked)
    created = END - timedelta(days=days)
    return Key.model_validate(
        {"id": id, "holder": holder, "label": holder, "role": role, "created": created, "revoked_at": ended}
    )


def test_a_holder_teaches_once_the_key_is_old_enough() -> None:
    keys = [key("a", "old", 7), key("b", "young", 6.9)]
    assert standings(keys, END, FEEDBACK) == {"old": "", "young": "key-too-young"}


def test_without_a_key_nobody_teaches() -> None:
    assert standing("anonymous-1", standings([key("a", "old", 9)], END, FEEDBACK)) == "no-key"


def test_a_key_is_replaced_without_losing_its_holders_age() -> None:
    keys = [key("a", "ann", 30, revoked=1), key("b", "ann", 1)]
    assert standings(keys, END, FEEDBACK) == {"ann": ""}
    assert standings(keys[:1], END, FEEDBACK) == {"ann": "key-revoked"}


def test_an_application_speaks_for_many_and_never_teaches() -> None:
    assert standings([key("a", "portal", 30, "application")], END, FEEDBACK) == {"portal": "key-of-an-application"}


def test_a_key_that_is_issued_or_revoked_later_does_not_change_an_earlier_collection() -> None:
    keys = [key("a", "ann", 30, revoked=-1), key("b", "bob", -1)]
    assert standings(keys, END, FEEDBACK) == {"ann": ""}
