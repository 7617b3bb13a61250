"""Answer ids that only this service can have given: feedback on a made-up answer is refused."""

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
    """HMAC-SHA256 (RFC 2104) over what this service hands out."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def new_id(self) -> str:
        """A fresh answer id: ``ans-<32 random digits>-<32 digits of its signature>``."""
        body = secrets.token_hex(16)
        return f"ans-{body}-{self._signature(body)}"

    def check(self, answer_id: str) -> None:
        """Raise Problem 403 unless this service made the id."""
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
        """A stable name for a caller that cannot be turned back without the key."""
        digits = hmac.new(self._key, f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()
        return f"{kind}-{digits[:24]}"

    def _signature(self, body: str) -> str:
        return hmac.new(self._key, f"answer:{body}".encode(), hashlib.sha256).hexdigest()[:_SIGNATURE_DIGITS]


def signing_key(settings: Settings) -> bytes:
    """MEDPIPE_SIGNING_KEY, or a key made once under HOME that only its owner can read.

    Gateways on several machines must share the setting, or each refuses the ids of the others.
    """
    if settings.signing_key:
        return settings.signing_key.get_secret_value().encode()
    path = settings.home / "signing.key"
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    if not path.exists():
        _write_private(draft, secrets.token_hex(32))
        with suppress(FileExistsError):
            os.link(draft, path)  # whole or not at all, and never over another process's key
        draft.unlink()
    return path.read_bytes()


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
