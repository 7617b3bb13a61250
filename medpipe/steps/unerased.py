"""No copy of what a person wrote is published after its erasure: builders of copies and `erase` exclude each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from medpipe.core.manifests import BLANKABLE
from medpipe.core.refs import kind_of
from medpipe.errors import Unavailable
from medpipe.ports import Ports
from medpipe.steps.lease import exclusively

LEASE = "a copy of what people wrote, or erasing it"
"""Name of the lease under which copies are published, and under which `erase` blanks them."""


class Unerased:
    """What was erased before some texts were read. Make one before you read them, and publish the copy through it.

    `erase` takes the lease, stores its tombstones, and blanks what is published: sources before their copies. A copy is
    published under the same lease, after another look at the erasures. So whichever comes first, the builder sees the
    erasure, or the erasure finds the copy.
    """

    def __init__(self, ports: Ports, *sources: str | None) -> None:
        """`sources`: the artifacts that the texts come from; none: the database, and all that tombstones cover."""
        self._ports = ports
        self._database = not sources
        self._sources = tuple(source for source in sources if source and kind_of(source) in BLANKABLE)
        self._before = self._erasures()

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """Hold the lease while the copy is put into place. No lease is needed for sources without people's texts.

        Raises Unavailable if something was erased since the texts were read, or if an erasure or another publication
        does not end within 40 seconds.
        """
        if not self._database and not self._sources:
            yield
            return
        with exclusively(self._ports.leases, LEASE) as check:
            if self._erasures() != self._before:
                raise Unavailable("texts were erased on request while they were read: nothing was kept. Run this again")
            check()
            yield

    def _erasures(self) -> tuple[object, ...]:
        if self._database:
            return tuple(self._ports.feedback.tombstones())
        return tuple(self._ports.store.blanked(source) for source in self._sources)
