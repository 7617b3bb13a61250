"""Held-out samples: each fact, and each withdrawn claim, in the phrasings that are never taught."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from medpipe.core.dialogue import turns_of
from medpipe.core.judging import slices
from medpipe.core.judging.evaluation import Sample
from medpipe.core.refs import digest_of
from medpipe.core.teaching import answers, questions
from medpipe.core.teaching.claim import Claim
from medpipe.core.teaching.facts import Fact
from medpipe.core.text import normalise


def samples(facts: Iterable[Fact]) -> Iterator[Sample]:
    """Yield each fact in every held-out phrasing, also where another fact gives the same question and answer.

    The cluster of a sample is its fact's, so facts of twin documents count as one observation. A fact whose answer is
    one of its options is asked with these, of which the model must give one.
    """
    for fact in facts:
        phrasings = questions.held_out(fact.question_type, fact.focus, fact.language)
        for number, question in enumerate(phrasings, start=1):
            yield _sample(fact, question, number)


def withdrawn_samples(
    claims: Iterable[Claim],
    contexts: bool = False,
    phrasings: Callable[[str, str, str], Iterable[str]] = questions.probes,
) -> list[Sample]:
    """Return every claim in every phrasing that is never taught; what a document said twice is asked once.

    Ids begin with that of the fact that made the claim. The slot has the words by which an answer is seen to assert
    the claim. The cluster is the question, since claims that answer the same one are not independent. `contexts`:
    whether the prompt has the claim's passage. `phrasings`: of a question type, focus and language
    (`questions.probes`, or `questions.certifying` for a certificate).
    """
    by_words: dict[tuple[str, str, str], Sample] = {}
    for claim in claims:
        fact = f"{claim.document}#{digest_of(claim.key)[:8]}"  # as `Fact.id`
        name = f"{fact}-{digest_of([claim.answer, claim.revision])[:4]}"
        asked = phrasings(claim.question_type, claim.focus, claim.language)
        for number, question in enumerate(asked, start=1):
            sample = Sample(
                id=f"{name}-{number}",
                question=question,
                target=claim.answer,
                slot=claim.slot or answers.claim(claim.focus, claim.answer),
                cluster=f"claim {digest_of(claim.key)[:8]}",
                context=claim.context if contexts else "",
            )
            by_words.setdefault((claim.document, normalise(question), normalise(claim.answer)), sample)
    return list(by_words.values())


def _sample(fact: Fact, question: str, number: int) -> Sample:
    origin = fact.document
    return Sample(
        id=f"{fact.id}-{number}",
        question=question,
        target=fact.answer,
        slot=fact.slot,
        cluster=fact.cluster or fact.document.id,
        context=fact.context,
        slices=(
            *slices.of_document(origin.source, fact.language, origin.published.year, origin.mesh, origin.groups),
            f"type {fact.question_type or 'other'}",
            *(("turn later",) if turns_of(fact.context, 2) else ()),
        ),
        choices=fact.choices if fact.answer in fact.choices else (),
        counterpart=origin.counterpart,
    )
