"""Examples that teach that a claim was withdrawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from medpipe.core.corpus.document import Document
from medpipe.core.corpus.merge import RETRACTION
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.facts import Fact
from medpipe.core.teaching.phrased import phrased
from medpipe.core.teaching.recipe import Data

WITHDRAWAL = "The article that claimed this was retracted, so its finding is withdrawn."
"""The answer that is taught instead of a withdrawn claim."""

_RETRACTS = "RetractionOf"
"""PubMed's RefType on a retraction notice; its target is the retracted article."""


def withdrawals(facts: Iterable[Fact], data: Data, documents: Mapping[str, Document]) -> list[Example]:
    """Return the questions of withdrawn facts, answered with `WITHDRAWAL`.

    Each example is traced to the article and, where `documents` (document id → document) has it, to its notice.
    """
    notice_of = _notices(documents)
    examples: list[Example] = []
    for fact in facts:
        notice = notice_of.get(fact.document.id)
        withdrawn = fact._replace(answer=WITHDRAWAL, slot="withdrawn", also=() if notice is None else (notice,))
        examples += [
            example.model_copy(update={"phrasing": f"withdrawal-{example.phrasing}", "role": "withdrawn"})
            for example in phrased([withdrawn], data)
        ]
    return examples


def _notices(documents: Mapping[str, Document]) -> dict[str, Document]:
    """Return retracted document's id → its notice, where the corpus has the notice.

    The article's own relation wins over a notice that names the article.
    """
    notices: dict[str, Document] = {}
    for document in documents.values():
        for relation in document.relations:
            other = documents.get(_full_id(relation.target)) if relation.target else None
            if other is not None and relation.kind == RETRACTION:
                notices[document.id] = other
            elif other is not None and relation.kind == _RETRACTS:
                notices.setdefault(other.id, document)
    return notices


def _full_id(target: str) -> str:
    return target if ":" in target else f"pmid:{target}"
