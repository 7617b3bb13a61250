"""Signed answer ids, so that feedback on an answer that was never given is refused, and the key that signs them."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

from medpipe.settings import Settings
from serving.problems import Problem

_SIGNATURE_DIGITS = 32


class Signer:
    """Signs answer ids and makes pseudonyms, by HMAC-SHA256 (RFC 2104)."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def new_id(self) -> str:
        """Return a fresh answer id: ``ans-<32 random hex digits>-<32 hex digits of its signature>``."""
        body = secrets.token_hex(16)
        return f"ans-{body}-{self._signature(body)}"

    def check(self, answer_id: str) -> None:
        """Raise Problem 403 unless the id carries this service's signature."""
        prefix, _, rest = answer_id.partition("-")
        body, _, signature = rest.partition("-")
        if prefix != "ans" or not hmac.compare_digest(signature.encode(), self._signature(body).encode()):
            raise Problem(
                403,
                "forged_answer_id",
                "this answer id was not given by this service; send the answer_id of an answer unchanged",
                "answer_id",
            )

    def pseudonym(self, kind: str, value: str) -> str:
        """Return a stable name for a caller, `kind` and 24 hex digits. Only the key links it to `value`."""
        digits = hmac.new(self._key, f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()
        return f"{kind}-{digits[:24]}"

    def _signature(self, body: str) -> str:
        return hmac.new(self._key, f"answer:{body}".encode(), hashlib.sha256).hexdigest()[:_SIGNATURE_DIGITS]


def signing_key(settings: Settings) -> bytes:
    """Return MEDPIPE_SIGNING_KEY, or a random key that is made once under MEDPIPE_HOME, readable by its owner alone.

    Gateways on several machines must share the setting; otherwise each refuses the ids of the others.
    """
    if settings.signing_key:
        return settings.signing_key.get_secret_value().encode()
    path = settings.home / "signing.key"
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    if not path.exists():
        _write_private(draft, secrets.token_hex(32))
        with suppress(FileExistsError):
            os.link(draft, path)  # atomic, and never over the key of another process
        draft.unlink()
    return path.read_bytes()


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
