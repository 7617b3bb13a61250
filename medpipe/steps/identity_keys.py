"""The keys under which people ask, give feedback and stop serving: issue_key, rotate_key, revoke_key, keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from medpipe.core.teaching.identities import SCOPES, USERS_SCOPES, Grant, IssuedKey, Key, Scope
from medpipe.errors import UsageError
from medpipe.ports import Ports

_LABEL_CHARS = 200
_LONGEST = 365 * 100
"""Days. A key that should never expire is issued without them."""


def issue_key(
    label: str,
    role: Literal["person", "application"] = "person",
    scopes: tuple[Scope, ...] = USERS_SCOPES,
    days: int | None = None,
    requests_per_minute: int | None = None,
    tokens_per_minute: int | None = None,
    *,
    ports: Ports,
) -> IssuedKey:
    """Issue a key. The secret is shown once and stored nowhere.

    `label`: whom it is for. Keys with the same label are of one identity. `role`: a key of an `application` speaks for
    many people; feedback under it is counted and never teaches. `scopes`: what it may do, of `ask`, `triage`,
    `feedback` (on own answers), `review` (feedback on anybody's answers) and `admin` (stop serving). `days`: how long
    it is valid; without a number, until it is revoked. `requests_per_minute`, `tokens_per_minute`: its limits; 0 is
    none, and without a number the gateway's settings decide. Raises UsageError for a label that is blank or too long,
    no scope, and numbers that cannot be.
    """
    if not label.strip() or len(label) > _LABEL_CHARS:
        raise UsageError(f"say in 1 to {_LABEL_CHARS} characters whom the key is for (label)")
    if not scopes:
        raise UsageError(f"say what the key may do (scopes): {', '.join(SCOPES)}")
    if days is not None and not 0 < days <= _LONGEST:
        raise UsageError(f"days={days}: a key is valid for 1 to {_LONGEST} days, or without a number until revoked")
    for name, limit in (("requests_per_minute", requests_per_minute), ("tokens_per_minute", tokens_per_minute)):
        if limit is not None and not 0 <= limit < 2**31:
            raise UsageError(f"{name}={limit}: give 0 for no limit, or a number below {2**31}")
    grant = Grant(
        scopes=tuple(scope for scope in SCOPES if scope in scopes),
        expires_at=None if days is None else datetime.now(UTC) + timedelta(days=days),
        requests_per_minute=requests_per_minute,
        tokens_per_minute=tokens_per_minute,
    )
    return ports.keys.issue(" ".join(label.split()), role, grant)


def rotate_key(key: str, overlap_hours: float = 24.0, *, ports: Ports) -> IssuedKey:
    """Issue a successor of a key; both are valid for `overlap_hours`, then the old one expires.

    The successor has the same holder, scopes and limits, and is valid for as long as the key was issued for. With
    `overlap_hours` 0 the old key is refused at once. Raises NotFound for no such key, and UsageError for one that is
    revoked, expired or rotated already.
    """
    if not 0 <= overlap_hours <= 24 * _LONGEST:
        raise UsageError(f"overlap_hours={overlap_hours}: say for how many hours both keys are valid, 0 or more")
    return ports.keys.rotate(key, timedelta(hours=overlap_hours))


def revoke_key(key: str, reason: str, *, ports: Ports) -> Key:
    """Revoke a key by its id. Requests with it are refused within a second.

    When all keys of a holder are revoked, their earlier feedback does not teach either: the next `build_pairs` leaves
    it out. Raises NotFound for no such key, and UsageError without a reason.
    """
    if not reason.strip():
        raise UsageError("say why the key is revoked (reason): it is kept")
    return ports.keys.revoke(key, reason.strip())


def keys(*, ports: Ports) -> str:
    """List every key: id, role, holder, scopes, limits, label, when it was issued, and until when it is in force."""
    now = datetime.now(UTC)
    return "\n".join(_line(key, now) for key in ports.keys.all()) or "No keys were issued."


def _line(key: Key, now: datetime) -> str:
    scopes = "+".join(key.scopes)
    head = f"{key.id} {key.role} {key.holder} issued {key.created:%Y-%m-%d} to {key.label} for {scopes}"
    return ", ".join([head, *_limits(key), _state(key, now)])


def _limits(key: Key) -> list[str]:
    numbers = (("requests", key.requests_per_minute), ("tokens", key.tokens_per_minute))
    return [f"{number or 'any'} {what} a minute" for what, number in numbers if number is not None]


def _state(key: Key, now: datetime) -> str:
    if key.revoked_at:
        return f"revoked {key.revoked_at:%Y-%m-%d}: {key.reason}"
    if reason := key.refusal(now):
        return reason
    until = f" until {key.expires_at:%Y-%m-%d %H:%M} UTC" if key.expires_at else ""
    return f"in force{until}" + (f", replaced by {key.replaced_by}" if key.replaced_by else "")
