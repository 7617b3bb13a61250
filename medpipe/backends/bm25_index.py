"""An index of passages by BM25, in bm25s' files beside the passages as JSON Lines.

BM25 in Lucene's variant with its usual constants (k1 = 1.5, b = 0.75): Robertson and Zaragoza, "The Probabilistic
Relevance Framework: BM25 and Beyond", 2009; Lù, "BM25S", 2024 (https://arxiv.org/abs/2407.03618). Scores are computed
when the index is written, so a search adds up columns. Passages and scores are read from the disk where they lie.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import bm25s
import numpy as np
from pydantic import ValidationError

from medpipe import records
from medpipe.core.knowledge.source_passage import SourcePassage, terms
from medpipe.errors import Damaged

PASSAGES = "passages.jsonl"
_OFFSETS = "offsets.npy"
_FILES = (
    PASSAGES,
    _OFFSETS,
    "params.index.json",
    "vocab.index.json",
    "data.csc.index.npy",
    "indices.csc.index.npy",
    "indptr.csc.index.npy",
)


class Bm25Indexes:
    """Implements `ports.SourceIndexes`."""

    def write(self, passages: Iterable[SourcePassage], folder: Path) -> int:
        """See the port."""
        numbers: dict[str, int] = {}
        of_passages: list[array[int]] = []
        offsets = array("q", [0])

        def lines() -> Iterator[bytes]:
            for passage in passages:
                found = terms(f"{passage.subject} {passage.text}")
                # numbered in the order of their first occurrence: bm25s' own numbering differs between two runs
                of_passages.append(array("i", (numbers.setdefault(term, len(numbers)) for term in found)))
                line = passage.__pydantic_serializer__.to_json(passage)
                offsets.append(offsets[-1] + len(line) + 1)
                yield line

        count = records.write_lines(folder / PASSAGES, lines())
        if not count or not numbers:
            (folder / PASSAGES).unlink()
            return 0
        index = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
        index.vocab_dict = numbers
        index.scores = index.build_index_from_ids(list(numbers.values()), of_passages, show_progress=False)
        index.save(folder, show_progress=False)
        np.save(folder / _OFFSETS, np.array(offsets, dtype="int64"))
        return count

    def open(self, folder: Path) -> Bm25Index:
        """See the port."""
        for name in _FILES:
            if not (folder / name).is_file():
                raise Damaged(f"{folder.name}/{name} is missing from its index: {records.REMEDY}")
        try:
            index = bm25s.BM25.load(folder, mmap=True, load_corpus=False, show_progress=False)
            return Bm25Index(index, folder / PASSAGES, np.load(folder / _OFFSETS))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Damaged(
                f"the index in {folder.name} cannot be read ({type(error).__name__}): {records.REMEDY}"
            ) from error


class Bm25Index:
    """Implements `ports.SourceIndex`."""

    def __init__(self, index: bm25s.BM25, passages: Path, offsets: np.ndarray) -> None:
        """`offsets`: in bytes, where each passage begins, and where the last one ends."""
        self._index, self._path, self._offsets = index, passages, offsets
        self._lines = np.memmap(passages, dtype="uint8", mode="r")
        """The file as it was when it was opened: it can be searched after `gc` has removed it."""
        if len(self._lines) != offsets[-1] or index.scores["num_docs"] != len(offsets) - 1:
            raise ValueError("passages, offsets and scores are not of one index")

    def find(self, text: str, most: int) -> Sequence[SourcePassage]:
        """See the port."""
        asked = sorted(set(self._index.get_tokens_ids(terms(text))))
        if not asked:
            return []
        scores = self._index.get_scores_from_ids(asked)
        some = np.argpartition(-scores, min(most, len(scores)) - 1)[:most]
        best = some[np.lexsort((some, -scores[some]))]
        return [self._passage(int(number)) for number in best if scores[number] > 0]

    def _passage(self, number: int) -> SourcePassage:
        begin, end = self._offsets[number : number + 2]
        try:
            return SourcePassage.model_validate(json.loads(bytes(self._lines[begin:end])))
        except (ValueError, ValidationError):
            raise Damaged(f"{self._path.name}, line {number + 1} cannot be read; {records.REMEDY}") from None
