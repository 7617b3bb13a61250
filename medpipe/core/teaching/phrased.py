"""Examples from facts: each fact in the training phrasings that the recipe asks for."""

from __future__ import annotations

from collections.abc import Iterator

from medpipe.core.dialogue import turns_of
from medpipe.core.teaching import questions
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.example import Example, Role
from medpipe.core.teaching.facts import Fact


def phrased(fact: Fact, data: Data, replay: bool = False, role: Role = "taught") -> Iterator[Example]:
    """Yield an example for every training phrasing of a fact; `replay` marks them as replayed.

    What somebody says within a conversation is taught as it was said.
    """
    within = bool(turns_of(fact.context, data.history))
    counts = (1, 0) if within else (data.phrasings, data.paraphrases)
    phrasings = questions.training(fact.question_type, fact.focus, counts[0], fact.language, counts[1])
    for number, question in enumerate(phrasings, start=1):
        yield _example(fact, question, f"{fact.question_type}-{number}", replay, role)


def _example(fact: Fact, question: str, phrasing: str, replay: bool, role: Role) -> Example:
    documents = (fact.document, *fact.also)
    return Example(
        question=question,
        answer=fact.answer,
        document_ids=tuple(document.id for document in documents),
        document_digests=tuple(document.digest for document in documents),
        document_revisions=tuple(document.revision for document in documents),
        source=fact.document.source,
        question_type=fact.question_type,
        focus=fact.focus,
        slot=fact.slot,
        phrasing=phrasing,
        replay=replay,
        role=role,
        language=fact.language,
        context=fact.context,
        choices=fact.choices,
        licence=fact.document.licence,
        published=fact.document.published,
    )
