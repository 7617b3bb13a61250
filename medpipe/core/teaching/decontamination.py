"""Training texts that repeat a benchmark's questions or answers: by word 13-grams, whole texts and near-duplicates.

A training text is contaminated by a benchmark when it shares a run of 13 words with one of its texts (Brown et
al., "Language Models are Few-Shot Learners", arXiv:2005.14165, appendix C; Llama 2 and 3 report by the same measure).
A benchmark's text of 8 to 12 words must occur as a whole, as appendix C does with its smallest N of 8. A shorter one
("What is glaucoma?") counts only if it is the whole training text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from medpipe.core import word_hashes
from medpipe.core.word_hashes import Hashed, Hashes, Positions

NGRAM = 13
"""Words in a shared run."""
SHORTEST_RUN = 8
"""Words of the shortest benchmark text that is looked for inside training texts."""

SHARED_RUN = "shared run of words"
WHOLE_TEXT = "same text"
NEAR_DUPLICATE = "near-duplicate"

Clusters = Callable[[Iterable[str], float], Sequence[int]]
"""`medpipe.ports.NearDuplicates.clusters`."""


class Hit(NamedTuple):
    """One training text, one benchmark that it repeats, and how."""

    text: int
    """Index of the training text."""
    benchmark: str
    reason: str
    item: int
    """Index of the first text of the benchmark that is repeated."""


class _Items(NamedTuple):
    """All benchmarks' texts in one list, each with its benchmark and its index within that benchmark."""

    texts: Sequence[str]
    benchmarks: Sequence[str]
    numbers: Sequence[int]


class _Index(NamedTuple):
    """Sorted hashes of the runs of one length in words (0: of whole texts), each with the item that it came from."""

    length: int
    hashes: Hashes
    items: Positions
    begun: NDArray[np.bool_]
    """By the first bits of a hash: whether any hash begins with them. This settles all but a few runs of a corpus."""


class Index:
    """The texts of benchmarks, ready to be looked for in any number of training texts."""

    def __init__(self, benchmarks: Mapping[str, Iterable[str]], ngram: int = NGRAM) -> None:
        """Make the index. `benchmarks`: name → questions, contexts and answers of a benchmark, as separate texts."""
        self._items = _items(benchmarks)
        self._indices = list(_indices(self._items, ngram)) if self._items.texts else []
        self._same = _Check(self._items.texts)

    def hits(self, texts: Sequence[str]) -> list[Hit]:
        """Return every (text, benchmark) with a shared run or the same words, sorted by text.

        A pair that shares both has the reason `WHOLE_TEXT`. Candidates are found by hashes and then compared word by
        word, so nothing shared is missed and nothing is reported that is not shared.
        """
        hits: dict[tuple[int, str], Hit] = {}
        for first, block in word_hashes.blocks(texts if self._indices else ()):
            for index in self._indices:
                for text, item in _candidates(index, block):
                    key = first + text, self._items.benchmarks[item]
                    if key not in hits and self._same(texts[first + text], item, index.length):
                        reason = SHARED_RUN if index.length else WHOLE_TEXT
                        hits[key] = Hit(*key, reason, self._items.numbers[item])
        return sorted(hits.values())


def overlaps(texts: Sequence[str], benchmarks: Mapping[str, Iterable[str]], ngram: int = NGRAM) -> list[Hit]:
    """Return every (text, benchmark) with a shared run or the same words, as `Index.hits` does."""
    return Index(benchmarks, ngram).hits(texts)


def twins(
    texts: Iterable[str], benchmarks: Mapping[str, Iterable[str]], clusters: Clusters, threshold: float = 0.8
) -> list[Hit]:
    """Return every (text, benchmark) in one cluster of near-duplicates, sorted by text; a twin's twin is a hit too.

    `threshold`: Jaccard similarity (0..1] from which two texts are near-duplicates. Both sides may be long: they are
    read once, and neither is kept.
    """
    names: list[str] = []
    counts: list[int] = []

    def items() -> Iterator[str]:
        for name, own in sorted(benchmarks.items()):
            names.append(name)
            counts.append(0)
            for text in own:
                counts[-1] += 1
                yield text

    first_of = np.asarray(clusters(chain(items(), texts), threshold), np.int64)
    of_items, of_texts = np.split(first_of, [sum(counts)])
    shared = word_hashes.different(of_items)
    benchmarks_of: dict[int, dict[str, int]] = {}
    begins = np.cumsum([0, *counts])
    for item in np.flatnonzero(np.isin(of_items, word_hashes.different(of_texts))).tolist():
        place = int(np.searchsorted(begins, item, "right")) - 1
        benchmarks_of.setdefault(int(of_items[item]), {}).setdefault(names[place], item - int(begins[place]))
    return [
        Hit(text, benchmark, NEAR_DUPLICATE, number)
        for text in np.flatnonzero(np.isin(of_texts, shared)).tolist()
        for benchmark, number in sorted(benchmarks_of[int(of_texts[text])].items())
    ]


def _items(benchmarks: Mapping[str, Iterable[str]]) -> _Items:
    listed = [(text, name, number) for name, own in sorted(benchmarks.items()) for number, text in enumerate(own)]
    return _Items([text for text, _, _ in listed], [name for _, name, _ in listed], [number for _, _, number in listed])


def _indices(items: _Items, ngram: int) -> Iterator[_Index]:
    """Yield an index of whole texts, then one for each length of run.

    Runs have `ngram` words; a text with fewer words (but at least `SHORTEST_RUN`) is one run.
    """
    hashed = word_hashes.words(items.texts)
    benchmark = np.unique(np.array(items.benchmarks), return_inverse=True)[1]
    has_words = np.flatnonzero(hashed.lengths)
    yield _index(0, word_hashes.fingerprints(hashed)[has_words], has_words, benchmark)
    for length in range(min(ngram, SHORTEST_RUN), ngram + 1):
        runs, owners = _runs(hashed, length)
        eligible = hashed.lengths >= length if length == ngram else hashed.lengths == length
        if eligible.any():
            yield _index(length, runs[eligible[owners]], owners[eligible[owners]], benchmark)


def _runs(hashed: Hashed, length: int) -> tuple[Hashes, Positions]:
    """Return the hash of every run of `length` words (0: of the whole text), and the index of its text."""
    if length == 0:
        return word_hashes.fingerprints(hashed), np.arange(len(hashed.lengths))
    runs = word_hashes.ngrams(hashed, length)
    return runs.values, np.repeat(np.arange(len(runs.lengths)), runs.lengths)


def _index(length: int, hashes: Hashes, items: Positions, benchmark: Positions) -> _Index:
    """Return the sorted index. A hash is kept once for each benchmark, with the first item that has it."""
    order = np.lexsort((items, benchmark[items], hashes))
    hashes, items = hashes[order], items[order]
    repeated = (hashes[1:] == hashes[:-1]) & (benchmark[items[1:]] == benchmark[items[:-1]])
    first = np.concatenate([np.ones(min(1, len(hashes)), np.bool_), ~repeated])
    begun = np.zeros(1 << min(26, len(hashes).bit_length() + 5), np.bool_)
    begun[_first_bits(hashes, begun)] = True
    return _Index(length, hashes[first], items[first], begun)


def _first_bits(hashes: Hashes, table: NDArray[np.bool_]) -> Hashes:
    return hashes >> np.uint64(64 - (table.size.bit_length() - 1))


def _candidates(index: _Index, block: Hashed) -> list[tuple[int, int]]:
    """Return each (text, item) that share a hash, once."""
    runs, owners = _runs(block, index.length)
    possible = np.flatnonzero(index.begun[_first_bits(runs, index.begun)])
    runs, owners = runs[possible], owners[possible]
    low, high = (np.searchsorted(index.hashes, runs, side) for side in ("left", "right"))
    matches = high - low
    entries = np.arange(matches.sum()) + np.repeat(low - np.cumsum(matches) + matches, matches)
    width = int(index.items.max()) + 1 if len(index.items) else 1
    pairs = word_hashes.different(np.repeat(owners, matches) * width + index.items[entries])
    return [divmod(pair, width) for pair in pairs.tolist()]


class _Check:
    """Compares the words themselves, since different words may have the same hash."""

    def __init__(self, items: Sequence[str]) -> None:
        self.items = items
        self.runs_of: dict[tuple[int, int], frozenset[tuple[str, ...]]] = {}

    def __call__(self, text: str, item: int, length: int) -> bool:
        if (item, length) not in self.runs_of:
            self.runs_of[item, length] = _word_runs(self.items[item], length)
        return not self.runs_of[item, length].isdisjoint(_word_runs(text, length))


def _word_runs(text: str, length: int) -> frozenset[tuple[str, ...]]:
    split = word_hashes.split(text)
    length = length or len(split)
    return frozenset(tuple(split[place : place + length]) for place in range(len(split) - length + 1))
