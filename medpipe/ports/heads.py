"""Digests of hash chains, kept outside the database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from medpipe.core.chain import Head


class Heads(Protocol):
    """Digests of the entries of hash chains, kept where a login of the database cannot change them."""

    def keep(self, chain: str, head: Head) -> None:
        """Keep the head of an entry that is committed. `chain`: the name of the table."""

    def kept(self, chain: str) -> Iterator[Head]:
        """Yield the heads of a chain. Raises Damaged where they cannot be read."""
