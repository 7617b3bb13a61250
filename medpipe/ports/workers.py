"""Work on many blocks, on all cores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from medpipe.ports.ports import Ports

S = TypeVar("S")
T = TypeVar("T")


class Workers(Protocol):
    """Processes that do the same work on one block after the other."""

    def map(self, work: Callable[[Ports, S], T], blocks: Iterable[S]) -> Iterator[T]:
        """Yield what the work makes of each block, in the order of the blocks. A few blocks are in memory at once.

        `work`, the blocks and the results must pickle. The result does not depend on the number of processes.
        """
