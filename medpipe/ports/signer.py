"""Signatures of adapters."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Signer(Protocol):
    """Signatures of adapters: who made the weights, where a digest says only that they did not change."""

    def sign(self, folder: Path) -> None:
        """Sign the files of an adapter that is finished. Does nothing where there is no private key."""

    def check(self, ref: str, folder: Path, content: str) -> None:
        """Raise Damaged unless the adapter's files are signed. Does nothing where there is no public key.

        `content`: digest of what the manifest says, for a check that is made once.
        """
