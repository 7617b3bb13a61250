"""Texts over invented words, in any number, for measuring only."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

WORDS = 30_000
Vocabulary = npt.NDArray[np.str_]


def vocabulary(chance: np.random.Generator) -> Vocabulary:
    """Return different words of 2 to 10 letters, the short ones first."""
    letters = np.array(list("etaoinshrdlucm"))
    words = {"".join(chance.choice(letters, chance.integers(2, 11))) for _ in range(WORDS)}
    return np.array(sorted(words, key=lambda word: (len(word), word)))


def text(chance: np.random.Generator, known: Vocabulary, length: tuple[int, int]) -> list[str]:
    """Return words of the vocabulary, as frequent as by Zipf's law; `length` is the range of their number."""
    often = np.cumsum(1 / np.arange(1, len(known) + 1))
    return list(known[np.searchsorted(often / often[-1], chance.random(chance.integers(*length)))])


def from_template(chance: np.random.Generator, known: Vocabulary) -> list[str]:
    """Return the same sentences as always, about something rare. Many published answers are of this kind."""
    focus = " ".join(chance.choice(known[-5000:], 3))
    return (
        f"The symptoms of {focus} depend on its cause and on how long a person has had {focus} before "
        f"treatment begins Ask a doctor about {focus} if they last longer than a few days or get worse"
    ).split()


def changed(chance: np.random.Generator, known: Vocabulary, words: list[str], similarity: float) -> list[str]:
    """Return a copy with so many words replaced that its Jaccard similarity is about `similarity`.

    A replaced word changes up to three of the three-word shingles of both texts.
    """
    number = max(1, round((len(words) - 2) * (1 - similarity) / (1 + similarity) / 3))
    replaced = set(chance.choice(len(words), number, replace=False).tolist())
    return [str(chance.choice(known)) if place in replaced else word for place, word in enumerate(words)]
