"""Facts whose question asks what a benchmark asks in another language, by the cosine of sentence embeddings.

Words show nothing across languages. A multilingual embedding puts a question near its translation (Wang et al.,
"Multilingual E5 Text Embeddings", arXiv:2402.05672). Texts of one language are not compared here: shared words tell
those apart better (`core.teaching.decontamination`). A small model puts other questions near, too, so what survives
translation (`core.teaching.interrogatives`) has to agree. docs/data-quality.md says how well this finds translations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from medpipe.core.teaching.facts import Fact
from medpipe.core.teaching.interrogatives import OPTIONS, Asked, asked

SAME_MEANING = "same meaning in another language"
_BLOCK = 1024
"""Facts that are compared with all items at a time."""
_SURE = 0.9
"""Confidence from which a guess of an item's language counts; less counts as English, as most benchmarks are."""

NEAR = 0.02
"""How far below the threshold a cosine still counts, where the interrogatives agree or a root is shared."""
SURE = 0.9
"""Cosine from which nothing else is asked."""

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""`medpipe.ports.Embedder.embed`."""
Guess = Callable[[str], tuple[str, float]]
"""`medpipe.ports.Languages.guess`."""


class Meanings:
    """The meanings of benchmarks' texts, embedded once."""

    def __init__(self, benchmarks: Mapping[str, Iterable[str]], embed: Embed, guess: Guess) -> None:
        """Embed every text. `benchmarks`: name → texts."""
        items = [(name, text) for name, texts in sorted(benchmarks.items()) for text in texts]
        self._names = [name for name, _ in items]
        self._embed = embed
        if items:
            self._asked = [asked(text) for _, text in items]
            self._written = np.array([_language(text, guess) for _, text in items])
            self._vectors = embed([text for _, text in items])

    def translated(self, facts: Sequence[Fact], threshold: float) -> dict[int, dict[str, str]]:
        """Return place of a fact → benchmark → `SAME_MEANING`, for facts that translate an item.

        `threshold`: cosine, in (0, 1], from which two texts have the same meaning (`agree`).
        """
        hits: dict[int, dict[str, str]] = {}
        for first in range(0, len(facts) if self._names else 0, _BLOCK):
            block = facts[first : first + _BLOCK]
            cosines = self._embed([fact.focus for fact in block]) @ self._vectors.T
            near = cosines >= threshold - NEAR
            near &= np.array([fact.language for fact in block])[:, None] != self._written
            said = {place: asked(block[place].focus) for place in np.flatnonzero(near.any(axis=1)).tolist()}
            for fact, item in np.argwhere(near).tolist():
                if agree(float(cosines[fact, item]), threshold, said[fact], self._asked[item]):
                    hits.setdefault(first + fact, {})[self._names[item]] = SAME_MEANING
        return hits


def agree(cosine: float, threshold: float, one: Asked, other: Asked) -> bool:
    """Return whether two questions of different languages ask the same.

    From `SURE` (or a higher threshold) on, the cosine decides. Below it, either both ask for one of their options or
    none does. Between the threshold and `NEAR` below it, they also have the same interrogative, or share a root.
    """
    if cosine >= max(threshold, SURE):
        return True
    if (one.kind == OPTIONS) != (other.kind == OPTIONS) or cosine < threshold - NEAR:
        return False
    return cosine >= threshold or one.kind == other.kind or not one.roots.isdisjoint(other.roots)


def _language(text: str, guess: Guess) -> str:
    language, confidence = guess(text)
    return language if confidence >= _SURE else "en"
