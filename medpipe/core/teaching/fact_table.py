"""Every fact of a corpus: its texts on disk, and beside them narrow columns by which the later stages decide.

A stage takes the numbers of some facts, in their order, and returns those that it keeps. It reads texts only where
words must be compared. Questions, answers and the like are equal where their 64-bit hashes are: among a million, two
different ones share a hash with a probability of 3e-8.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from medpipe.core.sources import prefix
from medpipe.core.spool import Spool
from medpipe.core.teaching.evidence import strength
from medpipe.core.teaching.facts import LABELLED, Fact
from medpipe.core.teaching.origin import Origins
from medpipe.core.teaching.phrasings import AS_PUBLISHED
from medpipe.core.text import normalise
from medpipe.core.word_hashes import Positions

COLUMNS = np.dtype(
    [
        ("document", np.int32),  # its number among all documents, in the order of their ids
        ("kept", np.bool_),  # whether the filters that look at one fact kept it
        ("labelled", np.bool_),
        ("strength", np.int8),  # of its evidence
        ("published", np.int32),  # the day's ordinal
        ("revision", np.int64),
        ("id", np.uint32),  # the 8 hex digits of its id
        ("prefix", np.uint64),
        ("key", np.uint64),
        ("answer", np.uint64),  # without case and punctuation
        ("asked", np.uint64),  # the key with passage and options
        ("subject", np.uint64),  # what twins must have in common besides their words
        ("twin", np.int32),  # equal for facts that say nearly the same; 0 where twins were not looked for
        ("cluster", np.int32),  # the number of the document after which its cluster is named
    ]
)

Columns = NDArray[np.void]


class Stated(NamedTuple):
    """What the index of a training by fact says of a fact (`core.knowledge.carried.fact_rows`)."""

    id: str
    says: str
    topic: str


class FactRows(NamedTuple):
    """Facts of some documents as the table stores them."""

    texts: list[bytes]
    stated: list[bytes]
    columns: Columns


class FactTable:
    """The facts by number, in the order of their documents' ids and of their sections."""

    def __init__(self, folder: Path | None = None) -> None:
        self.texts: Spool[Fact] = Spool(folder)
        self.stated: Spool[Stated] = Spool(folder)
        self._parts: list[Columns] = [np.zeros(0, COLUMNS)]

    @classmethod
    def of(cls, facts: Sequence[Fact]) -> FactTable:
        """Return a table of a few facts, in their order."""
        table, ids = cls(), sorted({fact.document.id for fact in facts})
        table.append(rows(facts, [ids.index(fact.document.id) for fact in facts], [True] * len(facts)))
        return table

    def append(self, added: FactRows) -> None:
        """Append facts. The columns must not have been read yet."""
        for texts, stated in zip(added.texts, added.stated, strict=True):
            self.texts.append(texts)
            self.stated.append(stated)
        self._parts.append(added.columns)

    def __len__(self) -> int:
        """Return the number of facts."""
        return len(self.texts)

    @cached_property
    def columns(self) -> Columns:
        """One row for each fact."""
        whole = np.concatenate(self._parts)
        self._parts.clear()
        return whole

    def numbers(self) -> Positions:
        """Return the numbers of the facts that the filters over one fact kept."""
        return np.flatnonzero(self.columns["kept"])

    def read(self, chosen: Iterable[int]) -> Iterator[Fact]:
        """Yield the facts with these numbers, without cluster and other documents."""
        return self.texts.chosen(chosen)

    def clustered(
        self, chosen: Positions, origins: Origins, also: dict[int, tuple[int, ...]] | None = None
    ) -> Iterator[Fact]:
        """Yield the facts with the names of their clusters, and with the documents in `also`: number → documents'."""
        own, clusters = self.columns["document"][chosen], self.columns["cluster"][chosen]
        places = zip(chosen.tolist(), own.tolist(), clusters.tolist(), strict=True)
        for (number, document, cluster), fact in zip(places, self.read(chosen.tolist()), strict=True):
            name = fact.document.id if document == cluster else origins.rows[cluster].id
            others = tuple(origins.rows[other] for other in also.get(number, ())) if also else ()
            yield fact._replace(cluster=name, also=others)


def rows(facts: Sequence[Fact], documents: Sequence[int], kept: Sequence[bool]) -> FactRows:
    """Return facts as a table stores them. `documents`: the number of each fact's document."""
    columns = np.zeros(len(facts), COLUMNS)
    stated = []
    for place, (fact, document, whether) in enumerate(zip(facts, documents, kept, strict=True)):
        key, topic, id, origin = fact.key, normalise(fact.focus), fact.id, fact.document
        subject = "" if fact.question_type in AS_PUBLISHED else topic
        labelled = fact.question_type in LABELLED
        columns[place] = (
            document,
            whether,
            labelled,
            strength(origin),
            origin.published.toordinal(),
            origin.revision,
            int(id[-8:], 16),
            hash_of(prefix(origin.id)),
            hash_of(*key),
            hash_of(normalise(fact.answer)),
            hash_of(*key, "", normalise(fact.context), *fact.choices),
            hash_of(fact.question_type, fact.language, subject, fact.answer if labelled else ""),
            0,
            document,
        )
        stated.append(Spool.encoded(Stated(id, fact.says, topic)))
    return FactRows([Spool.encoded(fact) for fact in facts], stated, columns)


def hash_of(*texts: str) -> int:
    """Return 64 bits that are equal for equal texts."""
    joined = "\0".join(texts).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(joined, digest_size=8).digest(), "little")
