"""Near-duplicates by MinHash and locality-sensitive hashing; the sketches are rensa's (Rust).

MinHash: Broder, "On the resemblance and containment of documents" (1997). Bands: Leskovec, Rajaraman and
Ullman, "Mining of Massive Datasets", section 3.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import rensa
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from medpipe.core import word_hashes
from medpipe.core.word_hashes import Hashed, Hashes, Positions

SHINGLE = 3
"""Words in a shingle: answers are short, and longer shingles would let one changed word weigh too much."""

PERMUTATIONS = 128
SEED = 1
RECALL = 0.999
"""Share of the pairs exactly at the threshold that the bands must bring together; those above it, more."""

NEIGHBOURS = 200
"""A bucket's texts are compared with so many that follow in it: only where more than that share a band's
hash without being twins can a pair go unseen, and the other bands still may find it."""

TEXTS_AT_ONCE = 10_000
PAIRS_AT_ONCE = 50_000

Signatures = NDArray[np.uint32]


class RensaDuplicates:
    """`medpipe.ports.NearDuplicates`: candidates by LSH, then the exact Jaccard similarity of each pair.

    Nothing depends on the order of the texts, on chance or on Python's hash seed. Similarity is over
    64-bit hashes of the shingles. Takes about 1 kB of memory a text beside the shingles themselves.
    """

    def clusters(self, texts: Sequence[str], threshold: float) -> list[int]:
        """See the port; raises ValueError when the threshold is not in (0, 1]."""
        if not 0 < threshold <= 1:
            raise ValueError(f"a Jaccard threshold lies in (0, 1], and {threshold} does not")
        if not texts:
            return []
        shingles, prints = _shingled(texts)
        distinct, copy_of = _distinct(prints)
        signatures = _signatures(shingles, distinct)
        pairs = _likely(_candidates(signatures, prints[distinct], threshold), signatures, threshold)
        twins = pairs[_jaccard(shingles, distinct[pairs]) >= threshold]
        return _first_of_each(_components(twins, len(distinct))[copy_of])


def _shingled(texts: Sequence[str]) -> tuple[Hashed, Hashes]:
    """Each text's shingles, and a fingerprint of its words."""
    parts, prints = [], []
    for _, hashed in word_hashes.blocks(texts):
        parts.append(word_hashes.shingles(hashed, SHINGLE))
        prints.append(word_hashes.fingerprints(hashed))
    return word_hashes.joined(parts), np.concatenate(prints)


def _distinct(prints: Hashes) -> tuple[Positions, Positions]:
    """Indices of one text for each different sequence of words, and for each text which of them is its copy."""
    _, first, copy_of = np.unique(prints, return_index=True, return_inverse=True)
    return first, copy_of


def _signatures(shingles: Hashed, rows: Positions) -> Signatures:
    """One row of minima for each of these texts."""
    made = np.empty((len(rows), PERMUTATIONS), dtype=np.uint32)
    for start in range(0, len(rows), TEXTS_AT_ONCE):
        some = _taken(shingles, rows[start : start + TEXTS_AT_ONCE])
        matrix = rensa.RMinHash.digest_matrix_from_flat_token_hashes(
            some.values, some.starts.astype(np.uint64), PERMUTATIONS, SEED
        )
        made[start : start + TEXTS_AT_ONCE] = matrix.to_rows()
    return made


def _taken(hashed: Hashed, texts: Positions) -> Hashed:
    """Only these texts, in this order."""
    lengths = hashed.lengths[texts]
    ends = np.cumsum(lengths, dtype=np.int64)
    places = np.arange(lengths.sum()) + np.repeat(hashed.starts[texts] - (ends - lengths), lengths)
    return Hashed(hashed.values[places], np.concatenate([np.zeros(1, np.int64), ends]))


def _rows_per_band(threshold: float) -> int:
    """The longest band with which pairs at the threshold still meet with a probability of RECALL."""
    return max(
        rows
        for rows in range(1, PERMUTATIONS + 1)
        if rows == 1 or 1 - (1 - threshold**rows) ** (PERMUTATIONS // rows) >= RECALL
    )


def _candidates(signatures: Signatures, prints: Hashes, threshold: float) -> Iterator[Positions]:
    """For each band the pairs of rows that agree in it, as an array of shape (pairs, 2)."""
    rows = _rows_per_band(threshold)
    bands = [_band(signatures, start, rows) for start in range(0, PERMUTATIONS - rows + 1, rows)]
    for number, band in enumerate(bands):
        # Buckets are in an order that only their texts decide: likely twins side by side.
        order = np.lexsort((prints, bands[number - 1], band))
        sorted_band = band[order]
        left = np.arange(len(order))
        for distance in range(1, NEIGHBOURS + 1):
            left = left[: np.searchsorted(left, len(order) - distance)]
            left = left[sorted_band[left] == sorted_band[left + distance]]
            if not len(left):
                break
            yield np.sort(np.stack([order[left], order[left + distance]], axis=1), axis=1)


def _band(signatures: Signatures, start: int, rows: int) -> Hashes:
    columns = signatures[:, start : start + rows]
    return word_hashes.fingerprints(Hashed(columns.ravel().astype(np.uint64), np.arange(len(columns) + 1) * rows))


def _likely(candidates: Iterator[Positions], signatures: Signatures, threshold: float) -> Positions:
    """Each pair once, without those whose signatures put them five standard errors below the threshold."""
    least = threshold - 5 * np.sqrt(threshold * (1 - threshold) / PERMUTATIONS)
    kept: list[Positions] = [np.zeros(0, np.int64)]
    for pairs in candidates:
        for some in np.array_split(pairs, 1 + len(pairs) // PAIRS_AT_ONCE):
            same = (signatures[some[:, 0]] == signatures[some[:, 1]]).mean(axis=1)
            kept.append((some[:, 0] * len(signatures) + some[:, 1])[same >= least])
    return np.stack(np.divmod(np.unique(np.concatenate(kept)), len(signatures)), axis=1)


def _jaccard(shingles: Hashed, pairs: Positions) -> NDArray[np.float64]:
    """The exact similarity of each pair of texts."""
    texts, rows = np.unique(pairs, return_inverse=True)
    sets = _as_matrix(_taken(shingles, texts))
    sizes = sets.sum(axis=1)
    found = [np.zeros(0)]
    for some in np.array_split(rows.reshape(-1, 2), 1 + len(pairs) // PAIRS_AT_ONCE):
        common = (sets[some[:, 0]] * sets[some[:, 1]]).sum(axis=1)
        found.append(common / (sizes[some].sum(axis=1) - common))
    return np.concatenate(found)


def _as_matrix(shingles: Hashed) -> csr_array:
    """One row a text, one column for each different shingle: 1 where the text has it."""
    known, columns = np.unique(shingles.values, return_inverse=True)
    matrix = csr_array(
        (np.ones(len(columns), np.int32), columns, shingles.starts), shape=(len(shingles.lengths), len(known))
    )
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix


def _components(twins: Positions, count: int) -> Positions:
    """The cluster number of each of `count` texts."""
    graph = coo_array((np.ones(len(twins), np.int8), (twins[:, 0], twins[:, 1])), shape=(count, count))
    labels: Positions = connected_components(graph, directed=False)[1]
    return labels


def _first_of_each(labels: Positions) -> list[int]:
    """For each text the index of the first text with its label."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return [int(index) for index in first[inverse]]
