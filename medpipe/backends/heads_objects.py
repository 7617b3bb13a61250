"""Heads of hash chains as empty objects in an object store, where a login of the database cannot change them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from medpipe.core.chain import Head
from medpipe.errors import Damaged

if TYPE_CHECKING:
    from medpipe.bucket import Bucket


class HeadsObjects:
    """Implements `ports.Heads`. The name of an object is the head: `{chain}/{sequence}-{digest}`.

    The object store is asked when a head is kept or read, and not before: a gateway never does either, and its
    environment has no client.
    """

    def __init__(self, address: str) -> None:
        """`address`: such as `s3://bucket/prefix`."""
        self._address = address

    @cached_property
    def _bucket(self) -> Bucket:
        from medpipe.bucket import Bucket

        return Bucket(self._address)

    def keep(self, chain: str, head: Head) -> None:
        """Write a head."""
        self._bucket.write(f"{chain}/{head.sequence:012}-{head.digest}", "")

    def kept(self, chain: str) -> Iterator[Head]:
        """Yield the heads of a chain in their order. Raises Damaged for an object with another name."""
        for name in sorted(self._bucket.below(chain)):
            sequence, _, digest = name.partition("-")
            if not (sequence.isdigit() and digest):
                raise Damaged(f"{self._address}/{chain}/{name} is not a head of a chain: remove that object")
            yield Head(int(sequence), digest)
