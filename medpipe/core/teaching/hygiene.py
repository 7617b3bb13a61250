"""The tools that building examples needs, as plain callables: near-duplicates, languages, redaction and meanings.

`medpipe.steps.examples` fills `Hygiene` from the ports. The defaults find nothing: no near-duplicates, no language, no
identifiers. They are enough for recipes that switch these filters off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from medpipe.core.safety.redaction import Redaction

Block = TypeVar("Block")
Result = TypeVar("Result")


def _all_apart(texts: Iterable[str], threshold: float) -> list[int]:
    return [number for number, _ in enumerate(texts)]


def _unknown_language(text: str) -> tuple[str, float]:
    return "", 0.0


def _unchanged(texts: Sequence[str], language: str) -> Sequence[Redaction]:
    return [Redaction(text, {}) for text in texts]


def _all_different(texts: Sequence[str]) -> NDArray[np.float32]:
    return np.zeros((len(texts), 1), np.float32)


def _silent(share: float, text: str) -> None:
    pass


class Hygiene(NamedTuple):
    """The contracts are those of `medpipe.ports`: the methods of NearDuplicates, Languages, Redactor and Embedder."""

    clusters: Callable[[Iterable[str], float], list[int]] = _all_apart
    guess: Callable[[str], tuple[str, float]] = _unknown_language
    redact: Callable[[Sequence[str], str], Sequence[Redaction]] = _unchanged
    embed: Callable[[Sequence[str]], NDArray[np.float32]] = _all_different
    tokens: Callable[[str], int] = len
    """Counts the tokens of the recipe's base."""
    spread: Callable[[Callable[..., Any], Iterable[Any]], Iterator[Any]] | None = None
    """Does work on one block after the other in several processes (`medpipe.ports.Workers`); None: in this one."""
    folder: Path | None = None
    """Where files without names lie (`core.spool`); None: the system's folder."""
    progress: Callable[[float, str], None] = _silent

    def each(self, work: Callable[[Block, Hygiene], Result], blocks: Iterable[Block]) -> Iterator[Result]:
        """Yield what the work makes of each block with these tools, in the order of the blocks."""
        if self.spread is None:
            return (work(block, self) for block in blocks)
        return self.spread(work, blocks)
