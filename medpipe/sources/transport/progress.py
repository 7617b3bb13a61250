"""Counting documents in the log while they are read."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from medpipe.core.corpus.bad_record import Received

log = logging.getLogger(__name__)

_EVERY = 5000
"""Documents between two lines of the log."""


def counted(documents: Iterable[Received], name: str) -> Iterator[Received]:
    """Pass documents on, and log their number every 5,000 documents and at the end; `name` is their source's.

    Records that could not be read are counted with them.
    """
    count = 0
    for count, document in enumerate(documents, start=1):
        if count % _EVERY == 0:
            log.info("%s: %d documents so far", name, count)
        yield document
    log.info("%s: %d documents", name, count)
