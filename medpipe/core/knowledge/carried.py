"""What a model carries: every revision of a document that its weights learned from, and every fact.

Read from rows of the indexes that lie beside training data, along the whole line of trainings that a model
continued (`lineage.ancestry`). The corpus that happened to be newest plays no part.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from medpipe.core.teaching import fact_table
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.facts import fact_id, fact_key
from medpipe.core.teaching.training_set import Corpus, Train
from medpipe.core.text import normalise
from medpipe.core.word_hashes import Hashes, Positions

_HASH = 9
"""Characters of a fact's id after its document's."""

Row = Mapping[str, Any]


class Role(StrEnum):
    """What a training did with a document or a fact."""

    TAUGHT = "taught"
    """The model learned to say it."""
    WITHDRAWN = "withdrawn"
    """The model learned that it was withdrawn."""
    VALIDATION = "validation"
    """The training measured its loss on it, and taught nothing of it."""
    LEFT_OUT = "left-out"
    """The training read it and taught nothing of it: a filter, a benchmark or the split kept it out."""


class Carried(NamedTuple):
    """One revision of a document that a model learned from. Sorted as the indexes are."""

    id: str
    revision: int
    """0 where the training data do not say which revision it was."""
    digest: str
    role: Role


class KnownFact(NamedTuple):
    """A fact as the newest training that considered it left it."""

    says: str
    """`Fact.says`; "" for a fact that was withdrawn."""
    role: Role
    topic: str
    """What the fact is about, normalised."""


def documents(indexes: Iterable[Iterable[Row]]) -> Iterator[Carried]:
    """Yield each revision that any of the indexes has, once for each role, in ascending order.

    `indexes`: rows of `lineage.shares`, one iterable for each training, sorted. A row without `role` is taught. A
    revision that was taught by one training and withdrawn by a later one is yielded with both roles: the weights may
    still know it. Memory does not grow with the indexes.
    """
    before: Carried | None = None
    for row in heapq.merge(*(map(_carried, index) for index in indexes)):
        if row != before:
            yield row
        before = row


def newest(carried: Iterable[Carried]) -> dict[str, str]:
    """Return document id → digest of the newest revision that was taught. `carried` in ascending order."""
    return {row.id: row.digest for row in carried if row.role is Role.TAUGHT}


def roles(indexes: Iterable[Iterable[Row]]) -> dict[str, tuple[Role, ...]]:
    """Return document id → what each training that taught of the document did with it, the newest training first.

    `indexes`: rows about the documents, one iterable for each training, the newest training first. A training that
    taught one revision and withdrew another withdrew the document.
    """
    found: dict[str, tuple[Role, ...]] = {}
    for index in indexes:
        here: dict[str, Role] = {}
        for row in (row for row in map(_carried, index) if row.role is not Role.VALIDATION):
            here[row.id] = Role.WITHDRAWN if Role.WITHDRAWN in (row.role, here.get(row.id)) else row.role
        for id, role in here.items():
            found[id] = (*found.get(id, ()), role)
    return found


def still_asserted(roles: Mapping[str, Sequence[Role]]) -> dict[str, bool]:
    """Return document id → whether the newest training that taught of the document taught what it says.

    Only documents that some training taught are in the result. False: a later training withdrew the document.
    """
    return {id: roles[id][0] is Role.TAUGHT for id in sorted(roles) if Role.TAUGHT in roles[id]}


def only_withdrawn(roles: Mapping[str, Sequence[Role]]) -> frozenset[str]:
    """Return the documents that were taught as withdrawn, and never as true."""
    return frozenset(id for id, of_document in roles.items() if set(of_document) == {Role.WITHDRAWN})


def fact_rows(
    corpus: Corpus, marked: Positions, train: Train, known: Mapping[str, str] | None
) -> Iterator[dict[str, Any]]:
    """Yield the index of a training by fact: `{id, document, revision, says, role, topic}`, sorted by id.

    `marked`: the facts that the recipe may use. Facts that a filter dropped are in the index as well. `known`: what the
    start of the training knows (`Fact.says` by id): facts that it knows already have no row. A fact that was merged
    into its twin counts as taught where the twin was.
    """
    taught = _taught_facts(corpus, marked, train).tolist()
    revisions = corpus.facts.columns["revision"].tolist()
    stated = (
        {
            "id": fact.id,
            "document": fact.id[:-_HASH],
            "revision": revision,
            "says": fact.says,
            "role": Role.TAUGHT if role else Role.LEFT_OUT,
            "topic": fact.topic,
        }
        for fact, revision, role in zip(corpus.facts.stated, revisions, taught, strict=True)
        if known is None or known.get(fact.id) != fact.says
    )
    rows = heapq.merge(_sorted(stated), _withdrawn_rows(train), key=itemgetter("id"))
    for _, group in groupby(rows, key=itemgetter("id")):
        *_, last = group  # a withdrawal comes after what it withdraws
        yield last


def _taught_facts(corpus: Corpus, marked: Positions, train: Train) -> NDArray[np.bool_]:
    """Return which facts of the corpus the examples teach, under their own document or another."""
    columns = corpus.facts.columns
    names = _names(columns["document"], columns["key"])
    places, documents = train.entries(corpus)
    places, documents = places[places < train.taught], documents[places < train.taught]
    others = [
        (number, fact_table.hash_of(*_key(example)))
        for example in train.others.values()
        if Role(example.role) is Role.TAUGHT
        for id in example.document_ids
        if (number := corpus.origins.number(id)) is not None
    ]
    own = _names(documents, columns["key"][train.facts[places]])
    told = [_names(np.array([number]), np.array([key], np.uint64)) for number, key in others]
    taught = np.isin(names, np.concatenate([own, *told]))
    twins = columns["twin"][marked]
    merged = marked[np.isin(twins, twins[taught[marked] & (twins != 0)])]
    return taught | np.isin(names, names[merged])


def _names(documents: Positions, keys: Hashes) -> Hashes:
    """Return one hash for each document and key, as a fact's id is made of both."""
    return keys + documents.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)


def _sorted(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield rows that are in the order of documents' ids in the order of their own ids: `a!#…` before `a#1…`."""
    group: list[dict[str, Any]] = []
    begin = ""
    for row in rows:
        if not (row["document"].startswith(begin) and row["document"][len(begin) :][:1] <= "#"):
            yield from sorted(group, key=itemgetter("id"))
            group, begin = [], row["document"]
        group.append(row)
    yield from sorted(group, key=itemgetter("id"))


def _withdrawn_rows(train: Train) -> list[dict[str, Any]]:
    rows = {}
    for _, example in sorted(train.others.items()):
        if Role(example.role) is Role.WITHDRAWN:
            id = fact_id(example.document_ids[0], _key(example))
            rows[id] = {
                "id": id,
                "document": example.document_ids[0],
                "revision": next(iter(example.document_revisions), 0),
                "says": "",
                "role": Role.WITHDRAWN,
                "topic": normalise(example.focus),
            }
    return [rows[id] for id in sorted(rows)]


def facts(indexes: Iterable[Iterable[Row]]) -> dict[str, KnownFact]:
    """Return fact id → how the newest training that considered the fact left it.

    `indexes`: rows of `fact_rows`, one iterable for each training, the newest training first. A fact that a training
    left out stays as an earlier training taught it, as long as it says the same and none withdrew it in between.
    """
    found: dict[str, KnownFact] = {}
    withdrawn: set[str] = set()
    for index in indexes:
        for row in index:
            fact = KnownFact(row["says"], Role(row["role"]), row["topic"])
            newer = found.setdefault(row["id"], fact)
            same = fact.role is Role.TAUGHT and newer.says == fact.says and row["id"] not in withdrawn
            if newer.role is Role.LEFT_OUT and same:
                found[row["id"]] = fact
            if fact.role is Role.WITHDRAWN:
                withdrawn.add(row["id"])
    return found


def taught(facts: Mapping[str, KnownFact]) -> dict[str, str]:
    """Return fact id → what it says, for the facts that a model was taught: `known` of `core.teaching.examples`.

    A withdrawn fact is not among them: once the withdrawal is lifted, it is taught as new.
    """
    return {id: fact.says for id, fact in facts.items() if fact.role is Role.TAUGHT}


def _carried(row: Row) -> Carried:
    return Carried(row["id"], row["revision"], row["digest"], Role(row.get("role") or Role.TAUGHT))


def _key(example: Example) -> tuple[str, ...]:
    """Return `Fact.key` of the fact that an example teaches."""
    return fact_key(example.question_type, example.focus, example.language)
