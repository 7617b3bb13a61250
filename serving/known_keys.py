"""The keys that this gateway has seen, so that not every request asks the database."""

from __future__ import annotations

import asyncio
import hashlib
from time import monotonic
from typing import NamedTuple

from medpipe.core.teaching.identities import Key
from medpipe.ports import KeyStore
from serving.limits import Limits
from serving.problems import TryLater

FRESH_SECONDS = 0.5
"""How long a key is not asked for again. A revocation counts after it."""
_MOST = 10_000
"""Keys in memory. Unknown secrets are not kept: whoever guesses fills nothing."""


class _Seen(NamedTuple):
    key: Key
    at: float


class KnownKeys:
    """Finds a secret's key: in memory for half a second, else in the database.

    While the database does not answer, a key that was seen counts for `Limits.register_seconds`: as long as a gateway
    answers without its register.
    """

    def __init__(self, keys: KeyStore, limits: Limits) -> None:
        self._keys, self._limits = keys, limits
        self._seen: dict[bytes, _Seen] = {}

    async def find(self, secret: str) -> Key | None:
        """Return the key with this secret, in force or not; None for an unknown one. Raises Problem 503."""
        name = hashlib.sha256(secret.encode("utf-8", "replace")).digest()
        seen, now = self._seen.get(name), monotonic()
        if seen and now - seen.at < FRESH_SECONDS:
            return seen.key
        try:
            async with asyncio.timeout(self._limits.store_seconds):
                key = await asyncio.to_thread(self._keys.holder, secret)
        except Exception as error:
            if seen and now - seen.at < self._limits.register_seconds:
                return seen.key
            message = "the key could not be checked; try again"
            raise TryLater("store_unavailable", message, self._limits.retry_after_seconds) from error
        self._seen.pop(name, None)
        if key is not None:
            if len(self._seen) >= _MOST:
                del self._seen[next(iter(self._seen))]  # the one that was read longest ago
            self._seen[name] = _Seen(key, now)
        return key
