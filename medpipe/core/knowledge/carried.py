"""What a model carries: every revision of a document that its weights learned from, and every fact.

Read from rows of the indexes that lie beside training data, along the whole line of trainings that a model
continued (`lineage.ancestry`). The corpus that happened to be newest plays no part.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from medpipe.core.teaching.example import Example
from medpipe.core.teaching.facts import Fact, fact_id, fact_key
from medpipe.core.text import normalise

Row = Mapping[str, Any]


class Role(StrEnum):
    """What a training did with a document or a fact."""

    TAUGHT = "taught"
    """The model learned to say it."""
    WITHDRAWN = "withdrawn"
    """The model learned that it was withdrawn."""
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
    """Return document id → what each training that has the document did with it, the newest training first.

    `indexes`: rows about the documents, one iterable for each training, the newest training first. A training that
    taught one revision and withdrew another withdrew the document.
    """
    found: dict[str, tuple[Role, ...]] = {}
    for index in indexes:
        here: dict[str, Role] = {}
        for row in map(_carried, index):
            here[row.id] = Role.WITHDRAWN if Role.WITHDRAWN in (row.role, here.get(row.id)) else row.role
        for id, role in here.items():
            found[id] = (*found.get(id, ()), role)
    return found


def still_asserted(roles: Mapping[str, Sequence[Role]]) -> dict[str, bool]:
    """Return document id → whether the newest training that has the document taught it.

    Only documents that some training taught are in the result. False: a later training withdrew the document.
    """
    return {id: roles[id][0] is Role.TAUGHT for id in sorted(roles) if Role.TAUGHT in roles[id]}


def only_withdrawn(roles: Mapping[str, Sequence[Role]]) -> frozenset[str]:
    """Return the documents that were taught as withdrawn, and never as true."""
    return frozenset(id for id, of_document in roles.items() if set(of_document) == {Role.WITHDRAWN})


def fact_rows(
    stated: Iterable[Fact], marked: Iterable[Fact], train: Collection[Example], known: Mapping[str, str] | None
) -> list[dict[str, Any]]:
    """Return the index of a training by fact: `{id, document, revision, says, role, topic}`, sorted by id.

    `stated`: every fact of the documents, before any filter. `marked`: those that passed, with their twins. `train`:
    the examples that are taught. `known`: what the start of the training knows (`Fact.says` by id): facts that it
    knows already have no row. A fact that was merged into its twin counts as taught where the twin was.
    """
    taught = {
        (document, _key(example))
        for example in train
        if Role(example.role) is Role.TAUGHT
        for document in example.document_ids
    }
    twins = {fact.twin for fact in marked if fact.twin and (fact.document.id, fact.key) in taught}
    merged = {fact.id for fact in marked if fact.twin in twins}
    rows = {
        fact.id: {
            "id": fact.id,
            "document": fact.document.id,
            "revision": fact.document.revision,
            "says": fact.says,
            "role": Role.TAUGHT if (fact.document.id, fact.key) in taught or fact.id in merged else Role.LEFT_OUT,
            "topic": normalise(fact.focus),
        }
        for fact in stated
        if known is None or known.get(fact.id) != fact.says
    }
    for example in (example for example in train if Role(example.role) is Role.WITHDRAWN):
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
