"""The issued keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from medpipe.core.teaching.identities import IssuedKey, Key, Role


class KeyStore(Protocol):
    """The issued keys. A secret is returned once, when its key is issued; only its digest is stored."""

    def issue(self, label: str, role: Role) -> IssuedKey:
        """Issue a key. Keys with the same label have the same holder."""

    def revoke(self, key: str, reason: str) -> Key:
        """Revoke a key by its id; the first revocation stays. Raises NotFound for no such key."""

    def all(self) -> Sequence[Key]:
        """Return every key, oldest first."""

    def holder(self, secret: str) -> Key | None:
        """Return the key with this secret, revoked or not; None for an unknown secret."""
