"""The facts of today's documents that a model was not taught."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from medpipe.core.corpus.document import Document
from medpipe.core.corpus.revision import posted
from medpipe.core.knowledge.carried import KnownFact, Role
from medpipe.core.sources import prefix
from medpipe.core.teaching import filters, selection
from medpipe.core.teaching.claim import Claim
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.facts import Fact, decompose
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.text import stable_share


class Changes(NamedTuple):
    """The facts of today that a model was not taught, and the current facts in all."""

    new: tuple[Fact, ...]
    """The model was never taught an answer."""
    changed: tuple[Fact, ...]
    """The model was taught another answer."""
    known: int
    """Facts that the model was taught."""

    @property
    def unlearned(self) -> dict[str, str]:
        """Fact id → what it says, for everything that a training would teach."""
        return {fact.id: fact.says for fact in (*self.new, *self.changed)}

    @property
    def oldest(self) -> date | None:
        """The day of the oldest revision that has a fact to teach; None when no revision says its day."""
        days = (posted(fact.document.revision) for fact in (*self.new, *self.changed))
        return min(filter(None, days), default=None)


def stated(documents: Iterable[Document], data: Data, hygiene: Hygiene) -> Iterator[Fact]:
    """Yield the facts that a recipe with `data` would consider for teaching, with identifiers replaced.

    Facts published from the cut-off on, and documents that no run may teach, are left out. With `clusters`, a
    document's shares of `unseen` and for validation are taken from its own id here, and from its cluster's name in a
    training. One document is in memory at a time.
    """
    for document in documents:
        chosen, _ = selection.chosen([document], data)
        later = data.cut_off is not None and document.published >= data.cut_off
        unseen = stable_share(document.id, "unseen") < data.unseen.get(prefix(document.id), 0.0)
        measured = stable_share(document.id, "validation") < data.validation_share
        if chosen and not later and not unseen and not measured:
            facts, _ = filters.redacted(decompose(document, data, hygiene.tokens)[0], data, hygiene)
            yield from facts


def changes(stated: Iterable[Fact], considered: Mapping[str, KnownFact], claims: Iterable[Claim]) -> Changes:
    """Return which facts a training would teach.

    `stated`: the facts of today's documents, as the recipe reads them. `considered`: what the model's trainings did
    with each fact. A fact that a training left out is not news as long as it says the same. `claims`: withdrawn
    claims; no fact that asks the same is ever taught.
    """
    withdrawn = {claim.key for claim in claims}
    documents = {claim.document for claim in claims}
    new: list[Fact] = []
    changed: list[Fact] = []
    for fact in stated:
        before = considered.get(fact.id)
        if fact.key in withdrawn or fact.document.id in documents or (before and before.says == fact.says):
            continue
        (changed if before and before.role is Role.TAUGHT else new).append(fact)
    known = sum(fact.role is Role.TAUGHT for fact in considered.values())
    return Changes(tuple(new), tuple(changed), known)
