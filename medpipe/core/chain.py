"""Hash chains: each entry of an append-only history has the SHA-256 of itself and of the entry before it.

A changed, removed, inserted or moved entry no longer fits its neighbours. Two things fit all the same: a history that
lost its newest entries, and one that was computed anew from some entry on. Both are found by *heads*: the number and
digest of entries, kept where the writer of the history has no access.

Source: Haber and Stornetta, "How to time-stamp a digital document", Journal of Cryptology 3 (1991).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from medpipe.core.refs import canonical

START = "0" * 64
"""What the first entry has instead of the digest of an earlier one."""


class Link(NamedTuple):
    """One entry as it is stored."""

    sequence: int
    """1 for the first entry; every later entry has the next number."""
    previous: str
    digest: str
    texts: Mapping[str, str]
    """Column → stored text, for every column that has a value, except `digest`."""


class Head(NamedTuple):
    """The number and the digest of an entry."""

    sequence: int
    digest: str


def digest(texts: Mapping[str, str]) -> str:
    """Return the SHA-256, 64 hex digits, of an entry's columns; `previous` is one of them."""
    return hashlib.sha256(canonical(dict(texts)).encode()).hexdigest()


def faults(links: Iterable[Link], heads: Iterable[Head]) -> Iterator[str]:
    """Yield what is wrong with a history, oldest first. Memory holds the heads and one entry.

    `links`: the entries in the order of their numbers. `heads`: what was kept elsewhere, in any order.
    """
    kept: dict[int, set[str]] = {}
    for head in heads:
        kept.setdefault(head.sequence, set()).add(head.digest)
    anchored, before = bool(kept), Head(0, START)
    for link in links:
        yield from _faults_of(link, before)
        if kept.pop(link.sequence, {link.digest}) != {link.digest}:
            yield f"entry {link.sequence} is not the one whose digest was kept outside the database"
        before = Head(link.sequence, link.digest)
    if before.sequence and not anchored:
        yield "no digest of it was kept outside the database, so a loss of its newest entries cannot be seen"
    lost = sorted(sequence for sequence in kept if sequence > before.sequence)
    if lost:
        first, last = before.sequence + 1, lost[-1]
        yield f"entries {first} to {last} are missing from its end: a digest of entry {last} was kept"


def _faults_of(link: Link, before: Head) -> Iterator[str]:
    if link.sequence != before.sequence + 1:
        yield f"entry {link.sequence} comes after entry {before.sequence}: entries between them are missing"
    if link.previous != before.digest:
        yield f"entry {link.sequence} does not continue entry {before.sequence}: one was removed, inserted or moved"
    if link.digest != digest(link.texts):
        yield f"entry {link.sequence} was changed: its digest does not fit its text"
