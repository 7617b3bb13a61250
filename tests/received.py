"""What sources yield, told apart: documents, and records that could not be read."""

from __future__ import annotations

from collections.abc import Iterable

from medpipe.core.corpus.bad_record import BadRecord, Received
from medpipe.core.corpus.document import Document


def documents(received: Iterable[Received]) -> list[Document]:
    """The documents."""
    return [record for record in received if isinstance(record, Document)]


def bad(received: Iterable[Received]) -> list[str]:
    """What is said of each bad record."""
    return [record.in_words() for record in received if isinstance(record, BadRecord)]
