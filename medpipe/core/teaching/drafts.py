"""Examples or samples as they are phrased, before the same words are told only once: rows on disk, and columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from medpipe.core.judging.evaluation import Sample
from medpipe.core.sources import prefix
from medpipe.core.spool import Lines
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.example import Example, Role
from medpipe.core.teaching.fact_table import hash_of
from medpipe.core.teaching.facts import Fact
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.teaching.phrased import phrased
from medpipe.core.teaching.samples import samples
from medpipe.core.text import normalise
from medpipe.core.word_hashes import Hashes, Positions, different

Value = TypeVar("Value", Example, Sample)

BLOCK = 2000
"""Facts that are phrased at once."""


class Kind(NamedTuple):
    """What a dataset card counts of an example."""

    source: str
    prefix: str
    language: str
    question_type: str
    with_context: bool
    replay: bool
    validation: bool

    @classmethod
    def of(cls, example: Example) -> Kind:
        """Return the kind of an example."""
        ids = example.document_ids
        return cls(
            example.source,
            prefix(ids[0]) if ids else "none",
            example.language,
            example.question_type or "none",
            bool(example.context),
            example.replay,
            example.role == "validation",
        )


class Phrased(NamedTuple):
    """What some facts become."""

    rows: list[bytes]
    facts: list[int]
    """For each row, the number of its fact; -1 for what no fact became."""
    questions: list[int]
    """Hash of the question without case and punctuation."""
    words: list[int]
    """Hash of question and answer, likewise."""
    kinds: list[Kind | None]


class Drafts(Generic[Value]):
    """Rows of examples or samples in their order."""

    def __init__(self, kind: type[Value], folder: Path | None = None) -> None:
        self.lines: Lines[Value] = Lines(kind, folder)
        self.kinds: list[Kind | None] = []
        self._number_of_kind: dict[Kind | None, int] = {}
        self._parts: list[np.ndarray[Any, Any]] = [np.zeros(0, _COLUMNS)]

    def append(self, phrased: Phrased) -> None:
        """Append rows. The columns must not have been read yet."""
        columns = np.zeros(len(phrased.rows), _COLUMNS)
        columns["fact"], columns["question"], columns["words"] = phrased.facts, phrased.questions, phrased.words
        columns["kind"] = [self._number(kind) for kind in phrased.kinds]
        self._parts.append(columns)
        for row in phrased.rows:
            self.lines.append(row)

    @cached_property
    def columns(self) -> np.ndarray[Any, Any]:
        """`fact`, `question`, `words` and `kind` of each row, as in `Phrased`; `kind` is a place in `kinds`."""
        whole = np.concatenate(self._parts)
        self._parts.clear()
        return whole

    def first(self) -> Positions:
        """Return the numbers of the rows whose words no earlier row has."""
        return np.sort(np.unique(self.columns["words"], return_index=True)[1])

    def repeated(self, chosen: Positions) -> dict[int, list[int]]:
        """Return the chosen rows whose words other rows have as well: number → the numbers of all, in order."""
        words = self.columns["words"]
        order = np.argsort(words, kind="stable")
        begins = np.r_[True, words[order][1:] != words[order][:-1]][: len(order)]
        bounds = np.append(np.flatnonzero(begins), len(order))
        several = np.flatnonzero(np.diff(bounds) > 1)
        wanted = several[np.isin(order[bounds[several]], chosen)]
        groups = (order[bounds[place] : bounds[place + 1]].tolist() for place in wanted.tolist())
        return {group[0]: group for group in groups}

    def _number(self, kind: Kind | None) -> int:
        if kind not in self._number_of_kind:
            self._number_of_kind[kind] = len(self.kinds)
            self.kinds.append(kind)
        return self._number_of_kind[kind]


_COLUMNS = np.dtype([("fact", np.int32), ("kind", np.int16), ("question", np.uint64), ("words", np.uint64)])


@dataclass(frozen=True)
class Teaching:
    """Phrases facts as examples of a role. `replay` marks them as replayed."""

    data: Data
    replay: bool
    role: Role

    def __call__(self, numbered: Sequence[tuple[int, Fact]], _: Hygiene) -> Phrased:
        """Return the examples of facts with their numbers."""
        return rows_of(
            (number, example)
            for number, fact in numbered
            for example in phrased(fact, self.data, self.replay, self.role)
        )


def asking(numbered: Sequence[tuple[int, Fact]], _: Hygiene) -> Phrased:
    """Return the samples of facts with their numbers."""
    return rows_of((number, sample) for number, fact in numbered for sample in samples([fact]))


def rows_of(numbered: Iterable[tuple[int, Example | Sample]]) -> Phrased:
    """Return examples or samples with the numbers of their facts as rows. Samples have no kind."""
    result = Phrased([], [], [], [], [])
    for number, value in numbered:
        answer, kind = (value.answer, Kind.of(value)) if isinstance(value, Example) else (value.target, None)
        question = normalise(value.question)
        result.rows.append(Lines.encoded(value))
        result.facts.append(number)
        result.questions.append(hash_of(question))
        result.words.append(hash_of(question, normalise(answer)))
        result.kinds.append(kind)
    return result


def questions_of(asked: Iterable[Drafts[Sample]]) -> Hashes:
    """Return the different questions of samples, as hashes."""
    return different(np.concatenate([np.zeros(0, np.uint64), *(drafts.columns["question"] for drafts in asked)]))
