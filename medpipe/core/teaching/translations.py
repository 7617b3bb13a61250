"""Facts whose question asks what a benchmark asks in another language, by the cosine of sentence embeddings.

Words show nothing across languages. A multilingual embedding puts a question near its translation (Wang et al.,
"Multilingual E5 Text Embeddings", arXiv:2402.05672). Texts of one language are not compared here: shared words tell
those apart better (`core.teaching.decontamination`). docs/data-quality.md says how well this finds translations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from medpipe.core.teaching.facts import Fact

SAME_MEANING = "same meaning in another language"
_BLOCK = 1024
"""Facts that are compared with all items at a time."""
_SURE = 0.9
"""Confidence from which a guess of an item's language counts; less counts as English, as most benchmarks are."""

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""`medpipe.ports.Embedder.embed`."""
Guess = Callable[[str], tuple[str, float]]
"""`medpipe.ports.Languages.guess`."""


def translated(
    facts: Sequence[Fact], benchmarks: Mapping[str, Sequence[str]], embed: Embed, guess: Guess, threshold: float
) -> dict[int, dict[str, str]]:
    """Return index of a fact → benchmark → `SAME_MEANING`, for facts that translate an item.

    `benchmarks`: name → texts. `threshold`: cosine, in (0, 1], from which two texts have the same meaning.
    """
    items = [(name, text) for name, texts in sorted(benchmarks.items()) for text in texts]
    hits: dict[int, dict[str, str]] = {}
    if not items or not facts:
        return hits
    written = np.array([_language(text, guess) for _, text in items])
    vectors = embed([text for _, text in items])
    for first in range(0, len(facts), _BLOCK):
        block = facts[first : first + _BLOCK]
        near = embed([fact.focus for fact in block]) @ vectors.T >= threshold
        near &= np.array([fact.language for fact in block])[:, None] != written
        for fact, item in np.argwhere(near).tolist():
            hits.setdefault(first + fact, {})[items[item][0]] = SAME_MEANING
    return hits


def _language(text: str, guess: Guess) -> str:
    language, confidence = guess(text)
    return language if confidence >= _SURE else "en"
