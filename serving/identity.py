"""Who calls: the holder of an issued key, or an anonymous client whose feedback never teaches."""

from __future__ import annotations

import asyncio

from fastapi import Request

from medpipe.ports import KeyStore
from serving.answer_ids import Signer
from serving.limits import Limits
from serving.problems import Problem, TryLater

ANONYMOUS = "anonymous"
"""The beginning of the identity of a client without a key."""


class Callers:
    """Finds the identity of a request. No header but an issued key makes one."""

    def __init__(self, keys: KeyStore, signer: Signer, limits: Limits) -> None:
        self._keys, self._signer, self._limits = keys, signer, limits

    async def identify(self, request: Request) -> str:
        """Return the holder of the key in `Authorization: Bearer`, else a pseudonym of the client's address.

        Raises Problem 401 for a key that was never issued or was revoked, and for a header of another scheme: feedback
        that the caller believes to count must not become anonymous. Every request asks the database, so that a
        revocation counts at once.
        """
        header = request.headers.get("Authorization", "").strip()
        if not header:
            return self._signer.pseudonym(ANONYMOUS, request.client.host if request.client else "unknown")
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise _refused("send the key as `Authorization: Bearer KEY`, or no Authorization header")
        try:
            key = await asyncio.to_thread(self._keys.holder, secret.strip())
        except Exception as error:
            message = "the key could not be checked; try again"
            raise TryLater("store_unavailable", message, self._limits.retry_after_seconds) from error
        if key is None:
            raise _refused("this key was never issued here; ask without a key, or ask the operator for one")
        if key.revoked_at is not None:
            raise _refused(f"the key {key.id} was revoked; ask the operator for a new one")
        return key.holder


def _refused(message: str) -> Problem:
    return Problem(401, "invalid_key", message, "Authorization", {"WWW-Authenticate": "Bearer"})
