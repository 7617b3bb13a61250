"""Work on many blocks in several processes, each with ports of its own."""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from multiprocessing import connection, current_process, get_context, parent_process
from pathlib import Path
from typing import Any, TypeVar

from medpipe.errors import Unavailable
from medpipe.ports import Ports

S = TypeVar("S")
T = TypeVar("T")

FEW = 4
"""Up to so many blocks are done in this process: others would take longer to start."""

_own: tuple[Ports, Callable[[Ports, Any], Any]]


class Processes:
    """Implements `ports.Workers`."""

    def __init__(self, ports: Ports, make: Callable[[Any], Ports], settings: Any, number: int) -> None:
        """Use `number` processes. `ports`: for work in this one. `make`: makes those of the others from `settings`."""
        self._ports, self._make, self._settings, self._number = ports, make, settings, number

    def map(self, work: Callable[[Ports, S], T], blocks: Iterable[S]) -> Iterator[T]:
        """Yield as `ports.Workers` says. A process that must not have children does all the work by itself.

        Raises Unavailable when one of the processes is killed: the system does so where memory runs out.
        """
        blocks = iter(blocks)
        first = list(islice(blocks, FEW + 1))
        every = chain(first, blocks)
        if self._number < 2 or len(first) <= FEW or not _may_have_children():
            return (work(self._ports, block) for block in every)
        return self._spread(work, every)

    def _spread(self, work: Callable[[Ports, S], T], blocks: Iterator[S]) -> Iterator[T]:
        pool = ProcessPoolExecutor(self._number, get_context("spawn"), _begin, (self._make, self._settings, work))
        try:
            waiting: deque[Future[T]] = deque(pool.submit(_do, block) for block in islice(blocks, 2 * self._number))
            while waiting:
                yield waiting.popleft().result()
                waiting.extend(pool.submit(_do, block) for block in islice(blocks, 1))
        except BrokenProcessPool as error:
            raise Unavailable(
                f"one of {self._number} processes was killed or could not start, perhaps for want of memory; nothing "
                "was kept. Run the same command again, with a smaller MEDPIPE_WORKERS if memory was short"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _may_have_children() -> bool:
    """Return whether Python can start processes: not from a daemon, nor where it reads the program from a pipe."""
    program = Path(getattr(sys.modules["__main__"], "__file__", None) or sys.executable)
    return not current_process().daemon and program.is_file()


def _begin(make: Callable[[Any], Ports], settings: Any, work: Callable[[Ports, Any], Any]) -> None:
    global _own  # noqa: PLW0603 (a process has no other place to keep what its calls share)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _own = make(settings), work


def _end_with_parent() -> None:
    """End this process when the one that started it ends, however that ends: the queue between them never says so."""
    if parent := parent_process():
        connection.wait([parent.sentinel])
        os._exit(1)


def _do(block: Any) -> Any:
    ports, work = _own
    return work(ports, block)
