"""Ids of answers, signed by the gateways: nobody without their key makes one that is accepted."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence

_DIGITS = 32
"""Hex digits of a signature: 128 bits of HMAC-SHA256 (RFC 2104)."""


def new(key: bytes) -> str:
    """Return a fresh answer id: ``ans-<32 random hex digits>-<32 hex digits of its signature>``."""
    body = secrets.token_hex(16)
    return f"ans-{body}-{_signature(body, key)}"


def is_signed(answer_id: str, keys: Sequence[bytes]) -> bool:
    """Return whether an id was made with one of the keys."""
    prefix, _, rest = answer_id.partition("-")
    body, _, signature = rest.partition("-")
    given = signature.encode()
    return prefix == "ans" and any(hmac.compare_digest(given, _signature(body, key).encode()) for key in keys)


def _signature(body: str, key: bytes) -> str:
    return hmac.digest(key, f"answer:{body}".encode(), "sha256").hex()[:_DIGITS]
