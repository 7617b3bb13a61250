"""The keys under which feedback teaches: issue_key, revoke_key, keys."""

from __future__ import annotations

from typing import Literal

from medpipe.core.teaching.identities import IssuedKey, Key
from medpipe.errors import UsageError
from medpipe.ports import Ports

_LABEL_CHARS = 200


def issue_key(label: str, role: Literal["person", "application"] = "person", *, ports: Ports) -> IssuedKey:
    """Issue a key whose holder's feedback may teach. The secret is shown once and stored nowhere.

    `label`: whom it is for. Keys with the same label are of one identity: to replace a key, issue the new one under
    the same label and then revoke the old one. `role`: a key of an `application` speaks for many people; feedback
    under it is counted and never teaches. Raises UsageError for a label that is blank or too long.
    """
    if not label.strip() or len(label) > _LABEL_CHARS:
        raise UsageError(f"say in 1 to {_LABEL_CHARS} characters whom the key is for (label)")
    return ports.keys.issue(" ".join(label.split()), role)


def revoke_key(key: str, reason: str, *, ports: Ports) -> Key:
    """Revoke a key by its id. Requests with it are refused from now on.

    When all keys of a holder are revoked, their earlier feedback does not teach either: the next `build_pairs` leaves
    it out. Raises NotFound for no such key, and UsageError without a reason.
    """
    if not reason.strip():
        raise UsageError("say why the key is revoked (reason): it is kept")
    return ports.keys.revoke(key, reason.strip())


def keys(*, ports: Ports) -> str:
    """List every key: id, role, holder, when it was issued and revoked, label, and why it was revoked."""
    return "\n".join(map(_line, ports.keys.all())) or "No keys were issued."


def _line(key: Key) -> str:
    state = f"revoked {key.revoked_at:%Y-%m-%d}: {key.reason}" if key.revoked_at else "in force"
    return f"{key.id} {key.role} {key.holder} issued {key.created:%Y-%m-%d} to {key.label}, {state}"
