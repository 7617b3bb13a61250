"""What building examples needs from tools, as plain callables: near-duplicates, languages and redaction.

`medpipe.steps.examples` fills it from the ports; the defaults find nothing, for recipes that ask for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol


class Redacted(Protocol):
    """What `medpipe.ports.Redaction` has."""

    @property
    def text(self) -> str: ...
    @property
    def found(self) -> Mapping[str, int]: ...


class _Unchanged(NamedTuple):
    text: str
    found: Mapping[str, int] = {}


def _apart(texts: Sequence[str], threshold: float) -> list[int]:
    return list(range(len(texts)))


def _unknown(text: str) -> tuple[str, float]:
    return "", 0.0


def _unchanged(texts: Sequence[str], language: str) -> Sequence[Redacted]:
    return [_Unchanged(text) for text in texts]


class Hygiene(NamedTuple):
    """See `medpipe.ports`: NearDuplicates.clusters, Languages.guess and Redactor.redact."""

    clusters: Callable[[Sequence[str], float], list[int]] = _apart
    guess: Callable[[str], tuple[str, float]] = _unknown
    redact: Callable[[Sequence[str], str], Sequence[Redacted]] = _unchanged
