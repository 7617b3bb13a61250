"""The sources of an answer: found in the published index, beside the event loop, and never a withdrawn document."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from pydantic import BaseModel, Field

from medpipe.core.knowledge import support
from medpipe.core.knowledge.citable import is_withdrawn
from medpipe.core.knowledge.source_passage import SourcePassage
from medpipe.errors import MedpipeError
from serving.block_follower import BlockFollower
from serving.index_follower import IndexFollower

_log = logging.getLogger("serving.citing")

_THREADS = 2
"""Searches at the same time. One takes milliseconds; more threads would only share the interpreter."""


class CitedSource(BaseModel):
    """A document that supports part of an answer."""

    title: str
    id: str = Field(description="the document's id, such as pmid:38211234")
    url: str
    date: str = Field(description="the day from which it could be read, as YYYY-MM-DD")
    standing: str = Field(description="what it counts as: always `current`, since no other document is cited")
    quote: str = Field("", description="the words that support the answer; empty where its rights are reserved")


class Sources(NamedTuple):
    """What an answer is cited from."""

    sources: list[CitedSource]
    share: float | None
    """The share of the answer's sentences that have a source, 0..1; None: none was looked for, or the index failed."""


NO_SOURCES = Sources([], None)
"""Of a reply that a rule wrote, and of a gateway without an index."""


class Citing:
    """Finds the sources of answers."""

    def __init__(self, follower: IndexFollower, blocks: BlockFollower) -> None:
        self._follower, self._blocks = follower, blocks
        self._pool = ThreadPoolExecutor(_THREADS, "citing")

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def sources(self, question: str, answer: str) -> Sources:
        """Return the sources of an answer that a model wrote.

        The register of withdrawals is asked again when they are found: a document that was withdrawn meanwhile is not
        among them. Raises Problem 503 while the register is not known.
        """
        opened = self._follower.current
        if opened is None:
            return NO_SOURCES
        while True:
            entry = self._blocks.sequence
            citable = self._citable()
            try:
                found = await asyncio.get_running_loop().run_in_executor(
                    self._pool, support.supported, question, answer, opened.passages.find, citable
                )
            except (MedpipeError, OSError) as error:  # the answer is given all the same
                _log.error("%s cannot be searched: %s", opened.ref, error)
                return NO_SOURCES
            if self._blocks.sequence == entry:
                return Sources(_cited(found.supports), round(found.share, 3))

    def _citable(self) -> Callable[[SourcePassage, str], bool]:
        """Return what says whether a quote may be shown, by the register as it is now."""
        articles, block = self._blocks.withdrawn, self._blocks.current()

        def citable(passage: SourcePassage, quote: str) -> bool:
            # Another document may still say what a withdrawn one claimed.
            return not (is_withdrawn(passage.id, articles) or block.asserts(quote, passage.subject))

        return citable


def _cited(supports: tuple[support.Support, ...]) -> list[CitedSource]:
    return [
        CitedSource(
            title=passage.title,
            id=passage.id,
            url=passage.url,
            date=passage.date,
            standing=passage.standing,
            quote=quote if passage.quotable else "",
        )
        for passage, quote in supports
    ]
