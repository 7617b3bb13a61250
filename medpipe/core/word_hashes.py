"""Texts as arrays of word hashes, so that hundreds of thousands of texts are compared in seconds.

A word is a run of letters, digits and combining marks after NFKC normalisation and case folding; punctuation,
markup and spacing do not count. In scripts written without spaces (Chinese, Thai) the run between two punctuation
marks counts as one word. `core.text` explains how these words differ from those of `core.text.words`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", np.int64, np.uint64)
Hashes = NDArray[np.uint64]
Positions = NDArray[np.int64]

BLOCK_CHARACTERS = 1 << 21
"""Characters in a block of texts that is hashed at once; the arrays of a block take about 100 MB."""

_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2^64
_SEPARATOR = "\0"


class Hashed(NamedTuple):
    """Hashes of many texts in one array; those of text i are `values[starts[i]:starts[i + 1]]`."""

    values: Hashes
    starts: Positions
    """Shape (number of texts + 1,); the last entry is the number of values."""

    @property
    def lengths(self) -> Positions:
        """How many hashes each text has."""
        return np.diff(self.starts)


def words(texts: Sequence[str]) -> Hashed:
    """Return the hash of each word of each text, in order: the same on every machine and in every version.

    Hashes have 64 bits. Among a million different words, two share a hash with a probability of 3e-8.
    """
    parts = [_words_of_block(block) for block in _blocks(texts)]
    return joined(parts)


def split(text: str) -> list[str]:
    """Return the words of a text, to compare them where two hashes agree."""
    normal = _normal([text])
    starts, ends = _spans(_codes(normal))
    return [normal[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


def ngrams(hashed: Hashed, n: int) -> Hashed:
    """Return the hash of every run of `n` words; a text with fewer words has none."""
    values, lengths = hashed.values, hashed.lengths
    counts = np.maximum(0, lengths - n + 1)
    runs = np.zeros(max(0, len(values) - n + 1), dtype=np.uint64)
    for offset in range(n):
        runs *= np.uint64(_BASE)
        runs += values[offset : offset + len(runs)]
    left = np.repeat(hashed.starts[1:], lengths) - np.arange(len(values))
    return Hashed(_mixed(runs[left[: len(runs)] >= n]), _starts(counts))


def shingles(hashed: Hashed, n: int) -> Hashed:
    """Return the runs as `ngrams` does, except that a text with fewer than `n` words is one shingle as a whole."""
    runs = ngrams(hashed, n)
    short = hashed.lengths < n
    lengths = np.where(short, 1, runs.lengths)
    starts = _starts(lengths)
    values = np.empty(int(starts[-1]), dtype=np.uint64)
    whole = np.zeros(len(values), dtype=np.bool_)
    whole[starts[:-1][short]] = True
    values[whole] = fingerprints(hashed)[short]
    values[~whole] = runs.values
    return Hashed(values, starts)


def fingerprints(hashed: Hashed) -> Hashes:
    """Return one hash for each text, equal for two texts if and only if their words are (64-bit collisions apart)."""
    position = np.arange(len(hashed.values)) - np.repeat(hashed.starts[:-1], hashed.lengths)
    placed = _mixed(hashed.values + _mixed(position.astype(np.uint64)))
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(placed, dtype=np.uint64)])
    return _mixed(sums[hashed.starts[1:]] - sums[hashed.starts[:-1]] + hashed.lengths.astype(np.uint64))


def joined(parts: Sequence[Hashed]) -> Hashed:
    """Return the texts of all parts as one, in order."""
    values = np.concatenate([np.zeros(0, np.uint64), *(part.values for part in parts)])
    lengths = np.concatenate([np.zeros(0, np.int64), *(part.lengths for part in parts)])
    return Hashed(values, _starts(lengths))


def blocks(texts: Iterable[str]) -> Iterator[tuple[int, Hashed]]:
    """Yield (index of the first text, word hashes) of one block of texts after the other, in bounded memory."""
    first = 0
    for block in _blocks(texts):
        yield first, _words_of_block(block)
        first += len(block)


def different(values: NDArray[Number]) -> NDArray[Number]:
    """Return the different values in ascending order.

    `numpy.unique` alone puts them into a hash table, which takes minutes for some series of numbers.
    """
    ascending = np.sort(values)
    return ascending[np.r_[True, ascending[1:] != ascending[:-1]]] if len(ascending) else ascending


def _blocks(texts: Iterable[str]) -> Iterator[list[str]]:
    block: list[str] = []
    size = 0
    for text in texts:
        size += len(text) + 1
        if size > BLOCK_CHARACTERS and block:
            yield block
            block, size = [], len(text) + 1
        block.append(text)
    if block:
        yield block


def _words_of_block(texts: Sequence[str]) -> Hashed:
    codes = _codes(_normal(texts))
    starts, ends = _spans(codes)
    powers, inverse = _powers(1 << max(1, len(codes)).bit_length())
    sums = np.zeros(len(codes) + 1, dtype=np.uint64)
    np.cumsum(_of_characters()[codes] * powers[: len(codes)], dtype=np.uint64, out=sums[1:])
    # One subtraction gives the polynomials of all words; the inverse powers shift each back to its first character.
    values = _mixed((sums[ends] - sums[starts]) * inverse[starts])
    edges = np.concatenate([[0], np.flatnonzero(codes == 0) + 1, [len(codes) + 1]])
    return Hashed(values, np.searchsorted(starts, edges).astype(np.int64))


def _normal(texts: Sequence[str]) -> str:
    whole = _SEPARATOR.join(text.replace(_SEPARATOR, " ") for text in texts)
    return unicodedata.normalize("NFKC", whole).casefold()


def _codes(normal: str) -> NDArray[np.uint32]:
    return np.frombuffer(normal.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _spans(codes: NDArray[np.uint32]) -> tuple[Positions, Positions]:
    """Return where each word starts, and where it ends (exclusive)."""
    inside = np.zeros(len(codes) + 2, dtype=np.int8)
    inside[1:-1] = _word_characters()[codes]
    edges = np.diff(inside)
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)


@cache
def _word_characters() -> NDArray[np.bool_]:
    table = np.zeros(0x110000, dtype=np.bool_)
    for code in range(0x40000):  # above are only private characters, tags and selectors
        character = chr(code)
        table[code] = character.isalnum() or unicodedata.category(character)[0] == "M"
    return table


@cache
def _of_characters() -> Hashes:
    return _mixed(np.arange(0x110000, dtype=np.uint64))


@cache
def _powers(size: int) -> tuple[Hashes, Hashes]:
    """Return the powers of the base from 0 on, and those of its inverse, modulo 2^64."""
    up, down = (np.full(size, base, dtype=np.uint64) for base in (_BASE, pow(_BASE, -1, 1 << 64)))
    up[0] = down[0] = 1
    return np.cumprod(up, dtype=np.uint64), np.cumprod(down, dtype=np.uint64)


def _mixed(values: Hashes) -> Hashes:
    """Return the values after the finaliser of splitmix64: every bit of the input affects every bit of the result.

    Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
    """
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _starts(lengths: Positions) -> Positions:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])
