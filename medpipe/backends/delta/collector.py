"""Python's collector of cycles, which has nothing to find among documents."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """Pause the collector of cycles.

    It looks at all documents in memory again for every quarter more of them, and none of them is part of a cycle. In a
    merge of 30,000 documents that was a fifth of the processor time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
