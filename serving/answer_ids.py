"""Signed answer ids, so that feedback on an answer that was never given is refused, and pseudonyms of callers."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from medpipe.core import answer_ids
from serving.problems import Problem


class Signer:
    """Signs answer ids and makes pseudonyms, by HMAC-SHA256 (RFC 2104)."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """`keys`: the first signs; ids that any of them signed are accepted."""
        self._keys = keys

    def new_id(self) -> str:
        """Return a fresh answer id."""
        return answer_ids.new(self._keys[0])

    def check(self, answer_id: str, field: str = "answer_id") -> None:
        """Raise Problem 403 unless the id carries this service's signature. `field`: where the request has it."""
        if not answer_ids.is_signed(answer_id, self._keys):
            raise Problem(
                403,
                "forged_answer_id",
                "this answer id was not given by this service; send the answer_id of an answer unchanged",
                field,
            )

    def pseudonym(self, kind: str, value: str) -> str:
        """Return a stable name for a caller, `kind` and 24 hex digits. Only the key links it to `value`."""
        digits = hmac.new(self._keys[0], f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()
        return f"{kind}-{digits[:24]}"
