"""The issued keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from medpipe.core.teaching.identities import Grant, IssuedKey, Key, Role


class KeyStore(Protocol):
    """The issued keys. A secret is returned once, when its key is issued; only its digest is stored."""

    def issue(self, label: str, role: Role, grant: Grant | None = None) -> IssuedKey:
        """Issue a key. Keys with the same label have the same holder. `grant`: None for what users get."""

    def rotate(self, key: str, overlap: timedelta) -> IssuedKey:
        """Issue a successor of a key: with its holder, scopes and limits, for as long as the key was issued for.

        The key itself expires after `overlap`, or when it would have expired, if that is sooner. Raises NotFound for no
        such key, and UsageError for one that is not in force or has a successor.
        """

    def revoke(self, key: str, reason: str) -> Key:
        """Revoke a key by its id; the first revocation stays. Raises NotFound for no such key."""

    def all(self) -> Sequence[Key]:
        """Return every key, oldest first."""

    def holder(self, secret: str) -> Key | None:
        """Return the key with this secret, in force or not; None for an unknown secret."""
