"""Which documents and facts a recipe is about: status, language, rights, and the mixture of sources."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from medpipe.core.corpus.document import Document, Status
from medpipe.core.teaching.facts import Fact, languages, prefix
from medpipe.core.teaching.recipe import Data

_COMPARED = 4000
"""Characters of a document that are compared."""


def chosen(documents: Iterable[Document], plan: Data, drops: Counter[str]) -> list[Document]:
    """The current documents in the recipe's languages and shares, that it may teach."""
    found = []
    for document in documents:
        if document.status is not Status.CURRENT:
            drops[f"document is {document.status.value}"] += 1
        elif languages(document).isdisjoint(plan.languages):
            drops["document in another language"] += 1
        elif place("mixture", document.id) >= plan.sources.get(prefix(document.id), 0.0):
            drops["document outside the recipe's mixture"] += 1
        elif document.copyright and not plan.copyrighted:
            drops["document's rights are reserved"] += 1
        else:
            found.append(document)
    return found


def proportioned(facts: list[Fact], plan: Data, drops: Counter[str]) -> list[Fact]:
    """As many facts as can have the recipe's proportions of sources; which ones, the hashes of their ids decide.

    The source that has least for its share decides how many there are in all, so nothing is repeated.
    """
    if not plan.proportions or not facts:
        return facts
    counts = Counter(prefix(fact.document.id) for fact in facts)
    total = min(counts[source] / share for source, share in plan.proportions.items() if share > 0)
    left = {source: round(total * share) for source, share in plan.proportions.items()}
    kept: set[int] = set()
    for number in sorted(range(len(facts)), key=lambda number: place("proportion", facts[number].id)):
        source = prefix(facts[number].document.id)
        if left.get(source, 0) > 0:
            left[source] -= 1
            kept.add(number)
    drops["fact beyond its source's proportion"] += len(facts) - len(kept)
    return [fact for number, fact in enumerate(facts) if number in kept]


def place(purpose: str, name: str) -> float:
    """A number in [0, 1) that a name always has for one purpose, whatever else is in the corpus."""
    return int.from_bytes(hashlib.sha256(f"{purpose} {name}".encode()).digest()[:6], "big") / 2**48


class _Roots(NamedTuple):
    """Disjoint sets of numbers (union-find with path halving)."""

    parents: list[int]

    def root(self, one: int) -> int:
        while self.parents[one] != one:
            self.parents[one] = self.parents[self.parents[one]]
            one = self.parents[one]
        return one

    def join(self, one: int, other: int) -> None:
        first, second = sorted((self.root(one), self.root(other)))
        self.parents[second] = first


def clusters(documents: list[Document], first_twin: list[int]) -> dict[str, str]:
    """Document id → name of its cluster: texts that are nearly the same, and one text in two languages.

    `first_twin` is what `NearDuplicates.clusters` says of the documents' texts. A cluster is named after its
    oldest document (by date of publication, then id), so that its name, and with it the side of the split that it
    is on, stays when later documents join. Where a new document makes one cluster of two, or an older twin comes
    late, some documents change their name; nothing can hold both the split and the twins together then.
    """
    places = {document.id: number for number, document in enumerate(documents)}
    sets = _Roots(list(range(len(documents))))
    for number, document in enumerate(documents):
        sets.join(number, first_twin[number])
        if document.counterpart in places:
            sets.join(number, places[document.counterpart])
    oldest: dict[int, Document] = {}
    for number, document in enumerate(documents):
        other = oldest.setdefault(sets.root(number), document)
        if age(document) < age(other):
            oldest[sets.root(number)] = document
    return {document.id: oldest[sets.root(number)].id for number, document in enumerate(documents)}


def age(document: Document) -> tuple[str, str]:
    """Orders documents from the oldest to the youngest."""
    return document.published.isoformat(), document.id


def text_of(document: Document) -> str:
    """What is compared of two documents: the beginning of what they say, without titles and headings.

    Longer texts would cost memory and tell no more: twins begin alike.
    """
    parts = (part for section in document.sections for part in (section.context, section.text) if part)
    return "\n".join(parts)[:_COMPARED]
