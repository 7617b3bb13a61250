"""One worker at a time: a lease that is renewed while the work goes on, and a check before its result is published."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from medpipe.errors import MedpipeError, Unavailable
from medpipe.ports import Lease, Leases


class Terms(NamedTuple):
    """How long a lease lasts and how long another worker waits for it."""

    seconds: float = 30.0
    """A worker that was killed keeps its lease for this long."""
    wait_seconds: float = 40.0
    """Longer than a lease: the lease of a killed worker ends while the next one waits."""
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@contextmanager
def exclusively(leases: Leases, name: str, terms: Terms | None = None) -> Iterator[Callable[[], None]]:
    """Hold the lease of some work, and yield the check that whoever publishes the result must call.

    The check, and the wait for the lease, raise Unavailable when another worker has it. A thread renews the lease,
    so the work may take as long as it wants.
    """
    terms = terms or Terms()
    lease = _taken(leases, name, terms)
    ended = threading.Event()
    renewing = threading.Thread(target=_renew, args=(leases, lease, terms, ended), daemon=True)
    renewing.start()

    def check() -> None:
        if not leases.renew(lease, terms.seconds):
            raise Unavailable(f"another worker has taken over {name}: nothing of this run was kept, its result will be")

    try:
        yield check
    finally:
        ended.set()
        renewing.join()
        leases.release(lease)


def _taken(leases: Leases, name: str, terms: Terms) -> Lease:
    deadline = terms.clock() + terms.wait_seconds
    while (lease := leases.take(name, terms.seconds)) is None:
        if terms.clock() > deadline:
            raise Unavailable(f"another worker is making {name}: wait until it has finished, then run this again")
        terms.sleep(1.0)
    return lease


def _renew(leases: Leases, lease: Lease, terms: Terms, ended: threading.Event) -> None:
    """Renew until the work has ended. A database that does not answer is asked again: the check decides."""
    while not ended.wait(terms.seconds / 3):
        try:
            if not leases.renew(lease, terms.seconds):
                return
        except MedpipeError:
            continue
