"""Facts whose question asks what a benchmark asks in another language, by the cosine of sentence embeddings.

Words show nothing across languages. A multilingual embedding puts a question near its translation (Wang et al.,
"Multilingual E5 Text Embeddings", arXiv:2402.05672), but it puts some texts near to everything. A cosine is therefore
compared with those of texts that translate nothing, on both sides, after Artetxe and Schwenk (arXiv:1811.01136); what
they take from the neighbourhood is taken from a fixed list here, as scores of speakers are normalised by a cohort
(S-norm: Kenny, "Bayesian Speaker Verification with Heavy-Tailed Priors", Odyssey 2010), so that a fact is judged alike
in any corpus. Texts of one language are not compared here: shared words tell those apart better
(`core.teaching.decontamination`). docs/data-quality.md says how well translations are found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from medpipe.core.teaching.facts import Fact
from medpipe.core.teaching.interrogatives import OPTIONS, kind_of
from medpipe.core.teaching.options import parted
from medpipe.core.teaching.unrelated_questions import BY_LANGUAGE

SAME_MEANING = "same meaning in another language"
_BLOCK = 1024
"""Facts that are compared with all items at a time."""
_SURE = 0.9
"""Confidence from which a guess of an item's language counts; less counts as English, as most benchmarks are."""

SAME_KIND = 0.5
"""What the same interrogative adds to the nearness of two questions, in standard deviations."""
SAME_OPTIONS = 0.91
"""Cosine from which the options of two questions are the same."""
_LENGTHS = (0.5, 2.2)
"""Ratio of characters within which a translation lies; `_SHORT` characters are added to both."""
_SHORT = 15
_LEAST_SPREAD = 0.002
"""Standard deviation that a text's cosines have at least: no division by zero."""

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]
"""`medpipe.ports.Embedder.embed`."""
Guess = Callable[[str], tuple[str, float]]
"""`medpipe.ports.Languages.guess`."""


class Asked(NamedTuple):
    """What a text asks."""

    question: str
    """The text without options."""
    options: str
    """"" where it has none."""
    kind: str
    """Its interrogative (`interrogatives.kind_of`)."""


def asked(text: str) -> Asked:
    """Return what a text asks."""
    question, options = parted(text)
    return Asked(question, "; ".join(options), kind_of(question))


class Meanings:
    """The meanings of benchmarks' texts, embedded once."""

    def __init__(self, benchmarks: Mapping[str, Iterable[str]], embed: Embed, guess: Guess) -> None:
        """Embed every text. `benchmarks`: name → texts.

        Of a question that asks for one of its options, and comes without them, too little is known to compare it.
        """
        split = [(name, asked(text)) for name, texts in sorted(benchmarks.items()) for text in texts]
        items = [(name, text) for name, text in split if text.options or text.kind != OPTIONS]
        self._names = [name for name, _ in items]
        self._texts = [text for _, text in items]
        self._embed = embed
        self._options = cache(lambda options: embed([options])[0])
        self._unrelated = cache(lambda language: embed(BY_LANGUAGE.get(language, BY_LANGUAGE["en"])))
        if items:
            self._written = np.array([_language(text.question, guess) for text in self._texts])
            self._vectors = embed([text.question for text in self._texts])

    def translated(self, facts: Sequence[Fact], threshold: float) -> dict[int, dict[str, str]]:
        """Return place of a fact → benchmark → `SAME_MEANING`, for facts that translate an item.

        `threshold`: nearness from which two questions are the same, in standard deviations (`nearness`, `agree`).
        """
        hits: dict[int, dict[str, str]] = {}
        for first in range(0, len(facts) if self._names else 0, _BLOCK):
            block = facts[first : first + _BLOCK]
            texts = [asked(fact.question) for fact in block]
            near = self._nearness([text.question for text in texts], np.array([fact.language for fact in block]))
            for fact, item in np.argwhere(near >= threshold - SAME_KIND).tolist():
                if self._agree(float(near[fact, item]), threshold, texts[fact], self._texts[item]):
                    hits.setdefault(first + fact, {})[self._names[item]] = SAME_MEANING
        return hits

    def _nearness(self, questions: Sequence[str], languages: NDArray[np.str_]) -> NDArray[np.float32]:
        """Return how near each question is to each item; not at all in one language."""
        vectors = self._embed(questions)
        near = np.full((len(vectors), len(self._vectors)), -np.inf, np.float32)
        for language in np.unique(languages).tolist():
            for written in np.unique(self._written[self._written != language]).tolist():
                rows, columns = np.flatnonzero(languages == language), np.flatnonzero(self._written == written)
                near[np.ix_(rows, columns)] = nearness(
                    vectors[rows], self._vectors[columns], self._unrelated(language), self._unrelated(written)
                )
        return near

    def _agree(self, near: float, threshold: float, one: Asked, other: Asked) -> bool:
        """Return whether two texts ask the same, and have the same options where both come with them."""
        if not agree(near, threshold, one, other):
            return False
        if not one.options or not other.options:
            return True
        return float(self._options(one.options) @ self._options(other.options)) >= SAME_OPTIONS


def nearness(ones: Vectors, others: Vectors, like_ones: Vectors, like_others: Vectors) -> NDArray[np.float32]:
    """Return for each pair how far its cosine is above those with unrelated texts, in standard deviations.

    `like_ones`, `like_others`: unrelated texts in the languages of either side. The mean over both sides is returned.
    """
    cosines = ones @ others.T
    to_ones, to_others = others @ like_ones.T, ones @ like_others.T
    by_item = (cosines - to_ones.mean(axis=1)) / np.maximum(to_ones.std(axis=1), _LEAST_SPREAD)
    by_text = (cosines - to_others.mean(axis=1)[:, None]) / np.maximum(to_others.std(axis=1), _LEAST_SPREAD)[:, None]
    result: NDArray[np.float32] = (by_item + by_text) / 2
    return result


def agree(near: float, threshold: float, one: Asked, other: Asked) -> bool:
    """Return whether two questions of different languages ask the same.

    Both ask for one of their options or neither does, neither is twice as long as the other, and they are as near as
    the threshold, to which the same interrogative adds `SAME_KIND`.
    """
    if (one.kind == OPTIONS) != (other.kind == OPTIONS):
        return False
    shortest, longest = _LENGTHS
    if not shortest < (len(one.question) + _SHORT) / (len(other.question) + _SHORT) < longest:
        return False
    return near + SAME_KIND * (one.kind == other.kind) >= threshold


def _language(text: str, guess: Guess) -> str:
    language, confidence = guess(text)
    return language if confidence >= _SURE else "en"
