"""The tools that building examples needs, as plain callables: near-duplicates, languages, redaction and meanings.

`medpipe.steps.examples` fills `Hygiene` from the ports. The defaults find nothing: no near-duplicates, no language, no
identifiers. They are enough for recipes that switch these filters off.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from medpipe.core.safety.redaction import Redaction


def _all_apart(texts: Sequence[str], threshold: float) -> list[int]:
    return list(range(len(texts)))


def _unknown_language(text: str) -> tuple[str, float]:
    return "", 0.0


def _unchanged(texts: Sequence[str], language: str) -> Sequence[Redaction]:
    return [Redaction(text, {}) for text in texts]


def _all_different(texts: Sequence[str]) -> NDArray[np.float32]:
    return np.zeros((len(texts), 1), np.float32)


class Hygiene(NamedTuple):
    """The contracts are those of `medpipe.ports`: the methods of NearDuplicates, Languages, Redactor and Embedder."""

    clusters: Callable[[Sequence[str], float], list[int]] = _all_apart
    guess: Callable[[str], tuple[str, float]] = _unknown_language
    redact: Callable[[Sequence[str], str], Sequence[Redaction]] = _unchanged
    embed: Callable[[Sequence[str]], NDArray[np.float32]] = _all_different
