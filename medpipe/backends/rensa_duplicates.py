"""Near-duplicates by MinHash and locality-sensitive hashing. The sketches come from rensa, a Rust library.

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
from medpipe.errors import UsageError

SHINGLE = 3
"""Words in a shingle. Answers are short: in longer shingles one changed word would weigh too much."""

PERMUTATIONS = 128
"""Length of a MinHash signature."""

SEED = 1
"""Seed of the permutations."""

RECALL = 0.999
"""Least share of the pairs exactly at the threshold that become candidates. Of pairs above it, more do."""

NEIGHBOURS = 200
"""Each text of a bucket is compared with this many that follow in it. A pair is missed in a band only where more texts
than that share the band's hash without being twins; another band may still find it."""

TEXTS_AT_ONCE = 10_000
"""Texts whose signatures are computed in one call, which bounds memory."""

PAIRS_AT_ONCE = 50_000
"""Pairs that are compared in one call, which bounds memory."""

Signatures = NDArray[np.uint32]
"""Minima of shape (texts, PERMUTATIONS)."""


class RensaDuplicates:
    """Implements `ports.NearDuplicates`: candidates by hashing, then the exact Jaccard similarity of each pair.

    The result does not depend on the order of the texts, on chance or on Python's hash seed. Similarity is computed on
    64-bit hashes of the shingles. Memory is about 1 kB per text, besides the shingles.
    """

    def clusters(self, texts: Sequence[str], threshold: float) -> list[int]:
        """Cluster as `ports.NearDuplicates` says. Raises UsageError for a threshold outside (0, 1]."""
        if not 0 < threshold <= 1:
            raise UsageError(f"the Jaccard threshold {threshold} is outside (0, 1]: correct the recipe's threshold")
        if not texts:
            return []
        shingles, prints = _shingled(texts)
        distinct, copy_of = _distinct(prints)
        signatures = _signatures(shingles, distinct)
        pairs = _likely(_candidates(signatures, prints[distinct], threshold), signatures, threshold)
        twins = pairs[_jaccard(shingles, distinct[pairs]) >= threshold]
        return _first_of_each(_components(twins, len(distinct))[copy_of])


def _shingled(texts: Sequence[str]) -> tuple[Hashed, Hashes]:
    """Return each text's shingles, and a fingerprint of its words."""
    parts, prints = [], []
    for _, hashed in word_hashes.blocks(texts):
        parts.append(word_hashes.shingles(hashed, SHINGLE))
        prints.append(word_hashes.fingerprints(hashed))
    return word_hashes.joined(parts), np.concatenate(prints)


def _distinct(prints: Hashes) -> tuple[Positions, Positions]:
    """Return the indices of one text for each fingerprint, and for each text the position of its own in them."""
    _, first, copy_of = np.unique(prints, return_index=True, return_inverse=True)
    return first, copy_of


def _signatures(shingles: Hashed, rows: Positions) -> Signatures:
    """Return the signatures of the texts with the indices `rows`."""
    signatures = np.empty((len(rows), PERMUTATIONS), dtype=np.uint32)
    for start in range(0, len(rows), TEXTS_AT_ONCE):
        batch = _taken(shingles, rows[start : start + TEXTS_AT_ONCE])
        matrix = rensa.RMinHash.digest_matrix_from_flat_token_hashes(
            batch.values, batch.starts.astype(np.uint64), PERMUTATIONS, SEED
        )
        signatures[start : start + TEXTS_AT_ONCE] = matrix.to_rows()
    return signatures


def _taken(hashed: Hashed, texts: Positions) -> Hashed:
    """Return only these texts, in this order."""
    lengths = hashed.lengths[texts]
    ends = np.cumsum(lengths, dtype=np.int64)
    places = np.arange(lengths.sum()) + np.repeat(hashed.starts[texts] - (ends - lengths), lengths)
    return Hashed(hashed.values[places], np.concatenate([np.zeros(1, np.int64), ends]))


def _rows_per_band(threshold: float) -> int:
    """Return the longest band in which pairs at the threshold still meet with a probability of RECALL."""
    return max(
        rows
        for rows in range(1, PERMUTATIONS + 1)
        if rows == 1 or 1 - (1 - threshold**rows) ** (PERMUTATIONS // rows) >= RECALL
    )


def _candidates(signatures: Signatures, prints: Hashes, threshold: float) -> Iterator[Positions]:
    """Yield, for each band and distance, the pairs of rows that agree in the band: an array of shape (pairs, 2)."""
    rows = _rows_per_band(threshold)
    bands = [_band(signatures, start, rows) for start in range(0, PERMUTATIONS - rows + 1, rows)]
    for number, band in enumerate(bands):
        # The order inside a bucket depends on its texts alone, and puts likely twins side by side.
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
    """Return one hash per text of the minima from `start` on."""
    columns = signatures[:, start : start + rows]
    return word_hashes.fingerprints(Hashed(columns.ravel().astype(np.uint64), np.arange(len(columns) + 1) * rows))


def _likely(candidates: Iterator[Positions], signatures: Signatures, threshold: float) -> Positions:
    """Return each pair once, without those whose signatures lie five standard errors below the threshold."""
    least = threshold - 5 * np.sqrt(threshold * (1 - threshold) / PERMUTATIONS)
    kept: list[Positions] = [np.zeros(0, np.int64)]
    for pairs in candidates:
        for batch in np.array_split(pairs, 1 + len(pairs) // PAIRS_AT_ONCE):
            agreement = (signatures[batch[:, 0]] == signatures[batch[:, 1]]).mean(axis=1)
            kept.append((batch[:, 0] * len(signatures) + batch[:, 1])[agreement >= least])
    return np.stack(np.divmod(np.unique(np.concatenate(kept)), len(signatures)), axis=1)


def _jaccard(shingles: Hashed, pairs: Positions) -> NDArray[np.float64]:
    """Return the exact similarity of each pair of texts."""
    texts, rows = np.unique(pairs, return_inverse=True)
    sets = _as_matrix(_taken(shingles, texts))
    sizes = sets.sum(axis=1)
    similarities = [np.zeros(0)]
    for batch in np.array_split(rows.reshape(-1, 2), 1 + len(pairs) // PAIRS_AT_ONCE):
        common = (sets[batch[:, 0]] * sets[batch[:, 1]]).sum(axis=1)
        similarities.append(common / (sizes[batch].sum(axis=1) - common))
    return np.concatenate(similarities)


def _as_matrix(shingles: Hashed) -> csr_array:
    """Return a matrix with a row per text and a column per different shingle: 1 where the text has the shingle."""
    distinct, columns = np.unique(shingles.values, return_inverse=True)
    matrix = csr_array(
        (np.ones(len(columns), np.int32), columns, shingles.starts), shape=(len(shingles.lengths), len(distinct))
    )
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix


def _components(twins: Positions, count: int) -> Positions:
    """Return the cluster number of each of `count` texts."""
    graph = coo_array((np.ones(len(twins), np.int8), (twins[:, 0], twins[:, 1])), shape=(count, count))
    labels: Positions = connected_components(graph, directed=False)[1]
    return labels


def _first_of_each(labels: Positions) -> list[int]:
    """Return for each text the index of the first text with its label."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return [int(index) for index in first[inverse]]
