"""A digest of what a corpus holds. It does not depend on the order, and a merge changes it at the cost of the merge.

The digest is the sum, modulo 2^256, of the SHA-256 of each document's id, revision and content digest. Two corpora with
the same documents have the same digest, whatever merges led there.

Source: AdHash of Bellare and Micciancio, "A New Paradigm for Collision-Free Hashing", EUROCRYPT 1997. It recognises a
restored or different table; against a forger the chain of manifests stands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

_MODULUS = 2**256
EMPTY = "0" * 64
"""The digest of a corpus without documents."""

Held = tuple[str, int, str]
"""Id, revision and content digest of a document."""


def of(documents: Iterable[Held]) -> str:
    """Return the digest of documents, 64 hex digits. Each document must come once."""
    return after(EMPTY, (), documents)


def after(before: str, removed: Iterable[Held], added: Iterable[Held]) -> str:
    """Return the digest after some documents of a corpus give way to others. `before`: its digest."""
    total = int(before, 16) + sum(map(_number, added)) - sum(map(_number, removed))
    return f"{total % _MODULUS:064x}"


def _number(document: Held) -> int:
    id, revision, digest = document
    return int.from_bytes(hashlib.sha256(f"{id}\n{revision}\n{digest}".encode()).digest(), "big")
