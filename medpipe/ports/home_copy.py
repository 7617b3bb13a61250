"""Copying a home into an object store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from medpipe.ports.progress import Progress


class Part(NamedTuple):
    """What the object store lacks of one kind of thing."""

    what: str
    """`artifacts`, `table` for files of the corpus table, or `heads` of chains."""
    number: int
    bytes: int


class HomeCopy(Protocol):
    """The corpus, the artifacts and the heads of a home, and the object store that is to have them.

    Nothing may write to the home meanwhile, and it stays as it is. Both methods raise ConfigError where the store has
    another corpus, and Damaged for heads that cannot be read.
    """

    def missing(self) -> Sequence[Part]:
        """Return what the store lacks, in the order in which it is copied. Nothing is written."""

    def copy(self, progress: Progress) -> Sequence[Part]:
        """Copy what the store lacks, and return what that was. A run that was killed is finished by the same call.

        At any moment whatever can be read from the store is whole: an artifact's manifest comes after its files, and
        the commits of the table come in their order, after all its data files.
        """
