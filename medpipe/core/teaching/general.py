"""General text against forgetting: requests about anything but medicine, taught beside the facts of a recipe.

A model that is tuned on one field answers other requests worse (Luo et al., "An Empirical Study of Catastrophic
Forgetting in Large Language Models During Continual Fine-tuning", arXiv:2308.08747), and general instructions among the
rows hold that off. A general row never becomes a fact: nothing asks it, and no gain counts it. It is traced to its
document as any example is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from medpipe.core import sources
from medpipe.core.corpus.document import Document, Status
from medpipe.core.corpus.standing import standing
from medpipe.core.sources import Kind
from medpipe.core.teaching import filters, passages
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.drops import Drops, sift, total
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.facts import Fact, languages
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.teaching.origin import Origin
from medpipe.core.teaching.phrasings import QUESTION

GENERAL = "general"
"""The question type of general rows."""
_ROOM = 1000
"""Characters that a text may gain when its lists are written anew: no limit at all."""
_LONG = "general row that is too long"
_NAMED = "general row with an identifier of a person"


def is_general(document: Document) -> bool:
    """Return whether a document is of a source of general text."""
    return sources.kind_of(document.id) is Kind.GENERAL


def rows(documents: Sequence[Document], data: Data, hygiene: Hygiene) -> tuple[list[Fact], Drops]:
    """Return what general documents ask and answer, and what was left out by reason.

    A request and its answer are whole or left out. A row with an identifier of a person is left out as well, whatever
    `redact` says: general text is plentiful, and a placeholder in it would teach nothing. The facts are for the filters
    that follow, and only `example` makes use of them.
    """
    current, gone = sift(documents, lambda document: _objection(document, data))
    asked = [_row(document, data) for document in current if document.sections]
    fitting, long = sift(asked, lambda fact: _misfit(fact, data, hygiene))
    kept, named = _without_identifiers(fitting, hygiene)
    kept, poor = filters.worth_teaching(kept, data, hygiene)
    return kept, total(gone, long, named, Drops({f"general row: {reason}": count for reason, count in poor.items()}))


def _objection(document: Document, data: Data) -> str:
    if standing(document).status is not Status.CURRENT:
        return "general row that is not current"
    return "general row in another language" if languages(document).isdisjoint(data.languages) else ""


def _row(document: Document, data: Data) -> Fact:
    first = document.sections[0]
    answer = passages.cut(first.text, len(first.text) + _ROOM, answers=data.answers)
    language = first.language or document.language
    return Fact(Origin.of(document), QUESTION, first.heading, answer, language=language, context=first.context)


def _misfit(fact: Fact, data: Data, hygiene: Hygiene) -> str:
    if not fact.answer or not fact.focus.strip():
        return "general row without a question or an answer"
    if fact.context and not data.contexts:
        return "general row about a passage, of which the recipe has none"
    texts: tuple[tuple[Literal["question", "answer", "context"], str], ...] = (
        ("question", fact.focus),
        ("answer", fact.answer),
        ("context", fact.context),
    )
    for part, text in texts:
        most, in_tokens = data.limit(part)
        if (hygiene.tokens if in_tokens else len)(text) > most:
            return _LONG
    return ""


def _without_identifiers(facts: Sequence[Fact], hygiene: Hygiene) -> tuple[list[Fact], Drops]:
    found: set[str] = set()
    for language in sorted({fact.language for fact in facts}):
        texts = [text for fact in facts if fact.language == language for text in fact.texts if text]
        redactions = hygiene.redact(texts, language)
        found |= {text for text, redaction in zip(texts, redactions, strict=True) if redaction.counts}
    return sift(facts, lambda fact: "" if found.isdisjoint(fact.texts) else _NAMED)


def example(fact: Fact) -> Example:
    """Return the example of a general row."""
    return Example(
        question=fact.focus,
        answer=fact.answer,
        document_ids=(fact.document.id,),
        document_digests=(fact.document.digest,),
        document_revisions=(fact.document.revision,),
        source=fact.document.source,
        question_type=GENERAL,
        language=fact.language,
        context=fact.context,
        licence=fact.document.licence,
        published=fact.document.published,
    )


def wanted(others: int, share: float) -> int:
    """Return how many general examples make `share` of all examples, beside `others` that are not general."""
    return math.ceil(others * share / (1 - share) - 1e-9) if share else 0
