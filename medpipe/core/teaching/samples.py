"""Held-out samples from facts: each fact in the phrasings that are never taught."""

from __future__ import annotations

from collections.abc import Iterable

from medpipe.core.judging.evaluation import Sample
from medpipe.core.teaching import answers, questions
from medpipe.core.teaching.facts import Fact
from medpipe.core.text import normalise


def samples(facts: Iterable[Fact]) -> list[Sample]:
    """Return each fact in every held-out phrasing; of samples with the same question and answer, the first.

    The cluster of a sample is its fact's, so facts of twin documents count as one observation.
    """
    by_words: dict[tuple[str, str], Sample] = {}
    for fact in facts:
        phrasings = questions.held_out(fact.question_type, fact.focus, fact.language)
        for number, question in enumerate(phrasings, start=1):
            key = normalise(question), normalise(fact.answer)
            by_words.setdefault(key, _sample(fact, question, number))
    return list(by_words.values())


def withdrawn_samples(facts: Iterable[Fact]) -> list[Sample]:
    """Return the samples of withdrawn facts. The slot is the claim: an answer that has it still asserts the claim."""
    return [
        sample.model_copy(update={"slot": answers.claim(fact.focus, fact.answer)})
        for fact in facts
        for sample in samples([fact])
    ]


def _sample(fact: Fact, question: str, number: int) -> Sample:
    return Sample(
        id=f"{fact.id}-{number}",
        question=question,
        target=fact.answer,
        slot=fact.slot,
        cluster=fact.cluster or fact.document.id,
        context=fact.context,
    )
