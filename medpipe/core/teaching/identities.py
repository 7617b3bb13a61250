"""Issued keys and their holders. An identity that teaches is the holder of a key, never a header of a request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from medpipe.core.teaching.feedback_policy import FeedbackPolicy

Role = Literal["person", "application"]
"""Whose key it is. An application speaks for many people, so its feedback is counted and never teaches."""

Scope = Literal["ask", "triage", "feedback", "review", "admin"]
"""What a key may do: ask questions, have cases triaged, rate own answers, rate anybody's answers, stop serving."""

SCOPES: tuple[Scope, ...] = get_args(Scope)
USERS_SCOPES: tuple[Scope, ...] = ("ask", "triage", "feedback")
"""What a key may do unless its issuer says otherwise, and what the keys of earlier releases may do."""

NO_KEY, APPLICATION, REVOKED, YOUNG = "no-key", "key-of-an-application", "key-revoked", "key-too-young"
"""Why an identity does not teach."""


class Grant(BaseModel):
    """What a key may do, how long and how often."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    scopes: tuple[Scope, ...] = USERS_SCOPES
    expires_at: datetime | None = None
    """From when the key is refused; None: never."""
    requests_per_minute: int | None = Field(None, ge=0)
    """0: without a limit. None: as the gateway's settings say."""
    tokens_per_minute: int | None = Field(None, ge=0)
    """As `requests_per_minute`, of prompts and answers together."""


class Key(Grant):
    """An issued key, without its secret."""

    id: str
    """`key-` and 16 hex digits."""
    holder: str
    """The pseudonym under which answers and feedback are stored. Keys with the same label have the same holder."""
    label: str
    """Who it was issued to, as the operator wrote it."""
    role: Role
    created: datetime
    revoked_at: datetime | None = None
    reason: str = ""
    """Why it was revoked."""
    replaced_by: str | None = None
    """The id of the key that it was rotated to."""

    def refusal(self, at: datetime) -> str:
        """Return why the key is refused at a moment, as the end of "the key key-… "; "" while it is in force."""
        if self.revoked_at is not None and self.revoked_at <= at:
            return "was revoked"
        if self.expires_at is not None and self.expires_at <= at:
            return f"expired at {self.expires_at:%Y-%m-%d %H:%M} UTC"
        return ""


class IssuedKey(BaseModel):
    """A key and its secret, which is shown once and stored nowhere."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    key: Key
    secret: str


def standings(keys: Iterable[Key], end: datetime, policy: FeedbackPolicy) -> dict[str, str]:
    """Return for every holder why their feedback does not teach at `end`; "" when it does.

    A holder teaches while one of their keys is not revoked, so that a key can be replaced. A key that has expired
    takes nothing back: what was said under it was said by somebody who was trusted, and nobody withdrew that. The age
    of a holder is that of their first key.
    """
    of_holder: dict[str, list[Key]] = defaultdict(list)
    for key in keys:
        if key.created <= end:
            of_holder[key.holder].append(key)
    return {holder: _standing(held, end, policy) for holder, held in of_holder.items()}


def standing(identity: str, known: Mapping[str, str]) -> str:
    """Return why an identity does not teach, or "". `known`: from `standings`; others have no key."""
    return known.get(identity, NO_KEY)


def _standing(held: list[Key], end: datetime, policy: FeedbackPolicy) -> str:
    in_force = [key for key in held if key.revoked_at is None or key.revoked_at > end]
    if not in_force:
        return REVOKED
    if any(key.role == "application" for key in in_force):
        return APPLICATION
    young = end - min(key.created for key in held) < timedelta(days=policy.min_key_days)
    return YOUNG if young else ""
