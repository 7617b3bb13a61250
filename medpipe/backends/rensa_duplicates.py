"""Near-duplicates by MinHash and locality-sensitive hashing. The sketches come from rensa, a Rust library.

MinHash: Broder, "On the resemblance and containment of documents" (1997). Bands: Leskovec, Rajaraman and
Ullman, "Mining of Massive Datasets", section 3.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import rensa
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from medpipe.core import word_hashes
from medpipe.core.spilled import Spilled, Table, batches
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

SIGNATURES_AT_ONCE = 50_000
"""Pairs whose signatures are compared in one call, which bounds memory."""

PAIRS_AT_ONCE = 10_000
"""Pairs whose shingles are compared in one call, which bounds memory."""

Signatures = NDArray[np.uint32]
"""Minima of shape (texts, PERMUTATIONS)."""


class RensaDuplicates:
    """Implements `ports.NearDuplicates`: candidates by hashing, then the exact Jaccard similarity of each pair.

    The result does not depend on the order of the texts, on chance or on Python's hash seed. Similarity is computed on
    64-bit hashes of the shingles. Shingles, signatures and bands lie on disk: about 8 bytes a word and 700 bytes a
    text. Memory is about 100 bytes a text.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Use files without names in `folder` (None: the system's folder for temporary files)."""
        self._folder = folder

    def clusters(self, texts: Iterable[str], threshold: float) -> list[int]:
        """Cluster as `ports.NearDuplicates` says. Raises UsageError for a threshold outside (0, 1]."""
        if not 0 < threshold <= 1:
            raise UsageError(f"the Jaccard threshold {threshold} is outside (0, 1]: correct the recipe's threshold")
        if self._folder:
            self._folder.mkdir(parents=True, exist_ok=True)
        shingles, prints = self._shingled(texts)
        if not len(prints):
            return []
        distinct, copy_of = _distinct(prints)
        sketches = self._sketched(shingles, distinct, _rows_per_band(threshold))
        pairs = _likely(_candidates(sketches, prints[distinct]), sketches, threshold)
        twins = pairs[_jaccard(shingles, distinct[pairs]) >= threshold]
        return _first_of_each(_components(twins, len(distinct))[copy_of])

    def _shingled(self, texts: Iterable[str]) -> tuple[Spilled, Hashes]:
        """Return each text's shingles, and a fingerprint of its words."""
        shingles, prints = Spilled(np.uint64, self._folder), [np.zeros(0, np.uint64)]
        for _, hashed in word_hashes.blocks(texts):
            found = word_hashes.shingles(hashed, SHINGLE)
            shingles.extend(found.values, found.lengths)
            prints.append(word_hashes.fingerprints(hashed))
        shingles.ended()
        return shingles, np.concatenate(prints)

    def _sketched(self, shingles: Spilled, rows: Positions, length: int) -> _Sketches:
        """Return the sketches of the texts with the indices `rows`. `length`: minima in a band."""
        starts = range(0, PERMUTATIONS - length + 1, length)
        signatures, bands = Spilled(np.uint32, self._folder), Table(len(rows), self._folder)
        for part in batches(len(rows), TEXTS_AT_ONCE):
            minima = _minima(*shingles.taken(rows[part]))
            signatures.extend(minima, np.full(len(minima), PERMUTATIONS))
            for number, start in enumerate(starts):
                bands.put(number, part.start, _band(minima[:, start : start + length]))
        signatures.ended()
        return _Sketches(signatures, bands, len(starts), len(rows))


class _Sketches(NamedTuple):
    """Signatures of texts, and one hash for each band of them."""

    signatures: Spilled
    bands: Table
    number_of_bands: int
    texts: int

    def agreement(self, pairs: Positions) -> NDArray[np.float64]:
        """Return the share of minima that are equal, for each pair."""
        texts, rows = np.unique(pairs, return_inverse=True)
        minima = self.signatures.taken(texts)[0].reshape(-1, PERMUTATIONS)
        rows = rows.reshape(-1, 2)
        same: NDArray[np.float64] = (minima[rows[:, 0]] == minima[rows[:, 1]]).mean(axis=1)
        return same


def _distinct(prints: Hashes) -> tuple[Positions, Positions]:
    """Return the indices of one text for each fingerprint, and for each text the position of its own in them."""
    _, first, copy_of = np.unique(prints, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return first[order], rank[copy_of]


def _minima(values: Hashes, lengths: Positions) -> Signatures:
    """Return the signatures of texts, whose shingles lie in `values` one after the other."""
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    matrix = rensa.RMinHash.digest_matrix_from_flat_token_hashes(values, starts.astype(np.uint64), PERMUTATIONS, SEED)
    return np.array(matrix.to_rows(), dtype=np.uint32)


def _rows_per_band(threshold: float) -> int:
    """Return the longest band in which pairs at the threshold still meet with a probability of RECALL."""
    return max(
        rows
        for rows in range(1, PERMUTATIONS + 1)
        if rows == 1 or 1 - (1 - threshold**rows) ** (PERMUTATIONS // rows) >= RECALL
    )


def _candidates(sketches: _Sketches, prints: Hashes) -> Iterator[Iterator[Positions]]:
    """Yield, for each band, the pairs of rows that agree in it by distance: arrays of shape (pairs, 2)."""
    for number in range(sketches.number_of_bands):
        band = sketches.bands.column(number)
        shared = _in_company(band)
        before = sketches.bands.column((number - 1) % sketches.number_of_bands)
        # The order inside a bucket depends on its texts alone, and puts likely twins side by side.
        order = shared[np.lexsort((prints[shared], before[shared], band[shared]))]
        yield _neighbours(order, band[order])


def _in_company(band: Hashes) -> Positions:
    """Return the rows whose hash another row has too."""
    order = np.argsort(band, kind="stable")
    same = band[order][1:] == band[order][:-1]
    alone = ~(np.r_[False, same] | np.r_[same, False])
    return np.sort(order[~alone])


def _neighbours(order: Positions, sorted_band: Hashes) -> Iterator[Positions]:
    left = np.arange(len(order))
    for distance in range(1, NEIGHBOURS + 1):
        left = left[: np.searchsorted(left, len(order) - distance)]
        left = left[sorted_band[left] == sorted_band[left + distance]]
        if not len(left):
            break
        yield np.sort(np.stack([order[left], order[left + distance]], axis=1), axis=1)


def _band(minima: Signatures) -> Hashes:
    """Return one hash per text of some of its minima."""
    count, rows = minima.shape
    return word_hashes.fingerprints(Hashed(minima.ravel().astype(np.uint64), np.arange(count + 1) * rows))


def _likely(candidates: Iterator[Iterator[Positions]], sketches: _Sketches, threshold: float) -> Positions:
    """Return each pair once, without those whose signatures lie five standard errors below the threshold."""
    least = threshold - 5 * np.sqrt(threshold * (1 - threshold) / PERMUTATIONS)
    kept = np.zeros(0, np.int64)
    for of_band in candidates:
        likely = [kept]
        for pairs in of_band:
            codes = pairs[:, 0] * sketches.texts + pairs[:, 1]
            new = codes[~_are_in(codes, kept)]
            for part in batches(len(new), SIGNATURES_AT_ONCE):
                rows = np.stack(np.divmod(new[part], sketches.texts), axis=1)
                likely.append(new[part][sketches.agreement(rows) >= least])
        kept = word_hashes.different(np.concatenate(likely))
    return np.stack(np.divmod(kept, sketches.texts), axis=1)


def _are_in(values: Positions, ascending: Positions) -> NDArray[np.bool_]:
    """Return which values are among others that ascend."""
    if not len(ascending):
        return np.zeros(len(values), np.bool_)
    places = np.minimum(np.searchsorted(ascending, values), len(ascending) - 1)
    same: NDArray[np.bool_] = ascending[places] == values
    return same


def _jaccard(shingles: Spilled, pairs: Positions) -> NDArray[np.float64]:
    """Return the exact similarity of each pair of texts."""
    similarities = [np.zeros(0)]
    for part in batches(len(pairs), PAIRS_AT_ONCE):
        texts, rows = np.unique(pairs[part], return_inverse=True)
        sets = _as_matrix(*shingles.taken(texts))
        sizes = sets.sum(axis=1)
        batch = rows.reshape(-1, 2)
        common = (sets[batch[:, 0]] * sets[batch[:, 1]]).sum(axis=1)
        similarities.append(common / (sizes[batch].sum(axis=1) - common))
    return np.concatenate(similarities)


def _as_matrix(values: Hashes, lengths: Positions) -> csr_array:
    """Return a matrix with a row per text and a column per different shingle: 1 where the text has the shingle."""
    distinct, columns = np.unique(values, return_inverse=True)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    matrix = csr_array((np.ones(len(columns), np.int32), columns, starts), shape=(len(lengths), len(distinct)))
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
