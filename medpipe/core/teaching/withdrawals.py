"""Withdrawn claims as a training set needs them: what must not be taught, and what is taught instead."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from medpipe.core.corpus.document import Document
from medpipe.core.corpus.standing import RETRACTED_IN, RETRACTS, retracted, target_of
from medpipe.core.teaching import questions
from medpipe.core.teaching.claim import Claim
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.drops import Drops, sift
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.facts import Fact
from medpipe.core.teaching.origin import Origin
from medpipe.core.teaching.recognition import Claims

RETRACTION = "The article that claimed this was retracted, so its finding is withdrawn."
"""The answer that is taught instead of a claim whose article the corpus knows to be retracted."""
WITHDRAWAL = "The source that claimed this is no longer relied on, so its finding is withdrawn."
"""The answer instead of every other withdrawn claim: of a concern, a removal, a list or a person's takedown."""

ASKS = "asks what was withdrawn"
STATES = "states a withdrawn claim"


class Notices(NamedTuple):
    """What the corpus says about documents that were withdrawn, collected document by document in the order of ids."""

    retracted: set[str]
    """Ids of those that the corpus knows to be retracted."""
    named: dict[str, list[str]]
    """Document's id → ids of its notices, as its own record names them."""
    naming: dict[str, str]
    """Document's id → id of the first notice that names it."""

    @classmethod
    def none(cls) -> Notices:
        """Return an empty collection."""
        return cls(set(), {}, {})

    def note(self, document: Document, claimed: Collection[str]) -> None:
        """Add what a document says. `claimed`: the ids of the documents that made the withdrawn claims."""
        for relation in document.relations:
            other = target_of(relation)
            if relation.kind == RETRACTED_IN and document.id in claimed:
                self.named.setdefault(document.id, []).append(other)
            elif relation.kind == RETRACTS and other in claimed:
                self.naming.setdefault(other, document.id)
        if document.id in claimed and retracted(document):
            self.retracted.add(document.id)

    def add(self, later: Notices) -> None:
        """Add what was collected of later documents."""
        self.retracted.update(later.retracted)
        self.named.update(later.named)
        for document, notice in later.naming.items():
            self.naming.setdefault(document, notice)

    def of(self, document: str, documents: Mapping[str, Origin]) -> str:
        """Return the id of a document's notice among `documents`, or "". The article's own relation wins."""
        own = [notice for notice in self.named.get(document, ()) if notice in documents]
        if own:
            return own[-1]
        return self.naming.get(document, "") if document in documents else ""


class Withdrawn(NamedTuple):
    """The withdrawals in force, as the register has them."""

    documents: frozenset[str] = frozenset()
    """Ids of withdrawn documents. Nothing that they say is taught, whatever status the corpus gives them."""
    claims: tuple[Claim, ...] = ()
    """What they said."""
    answered: frozenset[str] = frozenset()
    """Ids of those that the start of the training was taught as withdrawn, and never as true."""

    def examples(
        self, data: Data, documents: Mapping[str, Origin], notices: Notices, replay: bool = False
    ) -> list[Example]:
        """Return the questions of the claims, in the recipe's languages, answered as withdrawn.

        Claims that the start of the training can answer already are `replay`ed; the others are new to it. Each example
        is traced to the revision that made the claim and, where `documents` has it, to the notice.
        """
        return [
            example
            for claim in self.claims
            if claim.language in data.languages and (claim.document in self.answered) == replay
            for example in _phrased(claim, data, documents, notices, replay)
        ]


NOTHING_WITHDRAWN = Withdrawn()


def not_withdrawn(facts: Sequence[Fact], withdrawn: Claims) -> tuple[list[Fact], Drops]:
    """Return the facts that repeat no claim, and counts of the others by how they repeat one.

    Whether such a fact is right is for a person to decide; until the withdrawal is lifted, nobody is taught it.
    """
    if not len(withdrawn):
        return list(facts), Drops()

    def repeats(fact: Fact) -> str:
        if withdrawn.asks_same(fact):
            return ASKS
        return STATES if withdrawn.stated_in(fact) else ""

    return sift(facts, repeats)


def _phrased(
    claim: Claim, data: Data, documents: Mapping[str, Origin], notices: Notices, replay: bool
) -> Iterable[Example]:
    """Yield a claim's question in the training phrasings of the recipe."""
    document = documents.get(claim.document)
    unchanged = document is not None and document.revision == claim.revision
    origin = [(claim.document, claim.revision, document.digest if document is not None and unchanged else "")]
    if (notice := documents.get(notices.of(claim.document, documents))) is not None:
        origin.append((notice.id, notice.revision, notice.digest))
    ids, revisions, digests = zip(*origin, strict=True)
    phrasings = questions.training(claim.question_type, claim.focus, data.phrasings, claim.language, data.paraphrases)
    for number, question in enumerate(phrasings, start=1):
        yield Example(
            question=question,
            answer=RETRACTION if claim.document in notices.retracted else WITHDRAWAL,
            document_ids=ids,
            document_digests=digests,
            document_revisions=revisions,
            source=claim.source,
            question_type=claim.question_type,
            focus=claim.focus,
            slot="withdrawn",
            phrasing=f"withdrawal-{claim.question_type}-{number}",
            replay=replay,
            language=claim.language,
            context=claim.context if data.contexts else "",
            licence=document.licence if document else "",
            published=document.published if document else None,
            role="withdrawn",
        )
