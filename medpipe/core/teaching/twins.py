"""Twins: documents whose texts are nearly the same, and facts that say nearly the same.

Documents that are twins form a cluster, and a cluster stays on one side of the split. Facts that are twins are taught
once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from medpipe.core.corpus.document import Document
from medpipe.core.teaching.drops import Drops
from medpipe.core.teaching.facts import LABELLED, Fact
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.teaching.phrasings import AS_PUBLISHED
from medpipe.core.text import normalise

_COMPARED = 4000
"""Characters of a document that are compared. Longer texts would cost memory and tell no more: twins begin alike."""


def clusters(documents: list[Document], threshold: float | None, hygiene: Hygiene) -> dict[str, str]:
    """Return document id → name of its cluster: texts that are nearly the same, and one text in two languages.

    `threshold`: the Jaccard similarity (0..1] from which two texts are twins; None: only counterparts in another
    language are. A cluster is named after its oldest document (by date of publication, then id), so that its name,
    and with it the side of the split that it is on, stays when later documents join. Where a new document makes one
    cluster of two, or an older twin comes late, some documents change their cluster's name: then nothing can keep
    both the split and the twins together.
    """
    if threshold is None:
        return _named(documents, list(range(len(documents))))
    return _named(documents, hygiene.clusters([text_of(document) for document in documents], threshold))


def _named(documents: list[Document], first_twin: list[int]) -> dict[str, str]:
    """Return document id → name of its cluster. `first_twin`: for each document the index of its first twin."""
    index_of = {document.id: index for index, document in enumerate(documents)}
    sets = _Roots(list(range(len(documents))))
    for index, document in enumerate(documents):
        sets.join(index, first_twin[index])
        if document.counterpart in index_of:
            sets.join(index, index_of[document.counterpart])
    oldest: dict[int, Document] = {}
    for index, document in enumerate(documents):
        other = oldest.setdefault(sets.root(index), document)
        if age(document) < age(other):
            oldest[sets.root(index)] = document
    return {document.id: oldest[sets.root(index)].id for index, document in enumerate(documents)}


class _Roots(NamedTuple):
    """Disjoint sets of numbers (union-find with path halving)."""

    parents: list[int]

    def root(self, member: int) -> int:
        """Return the number that represents the member's set: the smallest in it."""
        while self.parents[member] != member:
            self.parents[member] = self.parents[self.parents[member]]
            member = self.parents[member]
        return member

    def join(self, member: int, other: int) -> None:
        """Make one set of the sets of two members."""
        first, second = sorted((self.root(member), self.root(other)))
        self.parents[second] = first


def age(document: Document) -> tuple[str, str]:
    """Return a key that orders documents from the oldest to the youngest."""
    return document.published.isoformat(), document.id


def text_of(document: Document) -> str:
    """Return the beginning of what a document says, without titles and headings, for comparison with others."""
    parts = (part for section in document.sections for part in (section.context, section.text) if part)
    return "\n".join(parts)[:_COMPARED]


def marked(facts: list[Fact], threshold: float, hygiene: Hygiene) -> list[Fact]:
    """Return the facts with `twin` set: the same value for facts that say nearly the same.

    Near-duplicates are twins only if they are about the same condition and, for an examination's question, have the
    same answer. A sentence from a template about another condition is another fact, and so is a question turned
    into its opposite by one word.
    """
    firsts = hygiene.clusters([f"{fact.question} {fact.answer}" for fact in facts], threshold)
    return [
        fact._replace(twin="|".join((facts[first].id, fact.question_type, fact.language, *_subject(fact))))
        for fact, first in zip(facts, firsts, strict=True)
    ]


def _subject(fact: Fact) -> tuple[str, str]:
    focus = "" if fact.question_type in AS_PUBLISHED else normalise(fact.focus)
    return focus, fact.answer if fact.question_type in LABELLED else ""


def merged(facts: Iterable[Fact]) -> tuple[list[Fact], Drops]:
    """Return the oldest fact of each set of twins, with the documents of the others in its `also`."""
    groups: dict[str, list[Fact]] = {}
    for number, fact in enumerate(facts):
        groups.setdefault(fact.twin or str(number), []).append(fact)
    repeated = sum(len(group) - 1 for group in groups.values())
    return [_oldest(group) for group in groups.values()], Drops({"near-duplicate of another fact": repeated})


def _oldest(group: list[Fact]) -> Fact:
    oldest = min(group, key=lambda fact: (age(fact.document), fact.id))
    documents = {document.id: document for fact in group for document in (fact.document, *fact.also)}
    others = tuple(documents[id] for id in sorted(documents) if id != oldest.document.id)
    return oldest._replace(also=others) if others else oldest


def marks(facts: Iterable[Fact]) -> set[tuple[str, ...]]:
    """Return the questions, words of answers and twins of facts, by which copies of the facts are recognised."""
    result: set[tuple[str, ...]] = set()
    for fact in facts:
        result.add(fact.key)
        if fact.question_type not in LABELLED:
            result.add(("answer", normalise(fact.answer)))
        if fact.twin:
            result.add(("twin", fact.twin))
    return result
