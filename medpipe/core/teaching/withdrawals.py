"""Withdrawn claims as a training set needs them: what must not be taught, and what is taught instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from medpipe.core.corpus.document import Document
from medpipe.core.corpus.standing import RETRACTED_IN, RETRACTS, retracted, target_of
from medpipe.core.teaching import questions
from medpipe.core.teaching.claim import Claim
from medpipe.core.teaching.drops import Drops, sift
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.facts import Fact
from medpipe.core.teaching.recipe import Data
from medpipe.core.teaching.recognition import Claims

RETRACTION = "The article that claimed this was retracted, so its finding is withdrawn."
"""The answer that is taught instead of a claim whose article the corpus knows to be retracted."""
WITHDRAWAL = "The source that claimed this is no longer relied on, so its finding is withdrawn."
"""The answer instead of every other withdrawn claim: of a concern, a removal, a list or a person's takedown."""

ASKS = "asks what was withdrawn"
STATES = "states a withdrawn claim"


class Withdrawn(NamedTuple):
    """The withdrawals in force, as the register has them."""

    documents: frozenset[str] = frozenset()
    """Ids of withdrawn documents. Nothing that they say is taught, whatever status the corpus gives them."""
    claims: tuple[Claim, ...] = ()
    """What they said."""
    answered: frozenset[str] = frozenset()
    """Ids of those that the start of the training was taught as withdrawn, and never as true."""

    def examples(self, data: Data, documents: Mapping[str, Document], replay: bool = False) -> list[Example]:
        """Return the questions of the claims, in the recipe's languages, answered as withdrawn.

        Claims that the start of the training can answer already are `replay`ed; the others are new to it. Each example
        is traced to the revision that made the claim and, where `documents` (id → document) has it, to the notice.
        """
        notice_of = _notices(documents)
        return [
            example
            for claim in self.claims
            if claim.language in data.languages and (claim.document in self.answered) == replay
            for example in _phrased(claim, data, documents, notice_of.get(claim.document), replay)
        ]


NOTHING_WITHDRAWN = Withdrawn()


def not_withdrawn(facts: Sequence[Fact], claims: Sequence[Claim]) -> tuple[list[Fact], Drops]:
    """Return the facts that repeat no claim, and counts of the others by how they repeat one.

    Whether such a fact is right is for a person to decide; until the withdrawal is lifted, nobody is taught it.
    """
    if not claims:
        return list(facts), Drops()
    withdrawn = Claims(claims)

    def repeats(fact: Fact) -> str:
        if withdrawn.asks_same(fact):
            return ASKS
        return STATES if withdrawn.stated_in(fact) else ""

    return sift(facts, repeats)


def _phrased(
    claim: Claim, data: Data, documents: Mapping[str, Document], notice: Document | None, replay: bool
) -> Iterable[Example]:
    """Yield a claim's question in the training phrasings of the recipe."""
    document = documents.get(claim.document)
    unchanged = document is not None and document.revision == claim.revision
    origin = [(claim.document, claim.revision, document.digest if document is not None and unchanged else "")]
    if notice is not None:
        origin.append((notice.id, notice.revision, notice.digest))
    ids, revisions, digests = zip(*origin, strict=True)
    phrasings = questions.training(claim.question_type, claim.focus, data.phrasings, claim.language, data.paraphrases)
    for number, question in enumerate(phrasings, start=1):
        yield Example(
            question=question,
            answer=RETRACTION if document is not None and retracted(document) else WITHDRAWAL,
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


def _notices(documents: Mapping[str, Document]) -> dict[str, Document]:
    """Return retracted document's id → its notice, where the corpus has the notice.

    The article's own relation wins over a notice that names the article.
    """
    notices: dict[str, Document] = {}
    for document in documents.values():
        for relation in document.relations:
            other = documents.get(target_of(relation))
            if other is not None and relation.kind == RETRACTED_IN:
                notices[document.id] = other
            elif other is not None and relation.kind == RETRACTS:
                notices.setdefault(other.id, document)
    return notices
