"""Facts that repeat a withdrawn claim: they ask its question, or state it under another title.

Whether such a fact is right is for a person to decide; until the withdrawal is lifted, nobody is taught it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from medpipe.core.teaching import questions
from medpipe.core.teaching.claim import Claim
from medpipe.core.teaching.drops import Drops
from medpipe.core.teaching.facts import Fact
from medpipe.core.teaching.phrasings import AS_PUBLISHED
from medpipe.core.text import normalise, stems

ASKS = "asks what was withdrawn"
STATES = "states a withdrawn claim"

SHARE = 0.6
"""Least share of a claim's stems in a fact that states the claim, of those of its question and of those of its news.

Each of the 9,689 facts of MedQuAD and PubMedQA taken as a claim against all others: 442 of 94 million pairs agree
without asking the same, for 3 % of the claims, and most of them do say the same. Facts from templates ("The Human
Phenotype Ontology provides the following list …") agree in all but the condition, so it must be named in full.
"""
ENOUGH = 3
"""Stems of a published question from which a fact with all of them states or denies the finding that was asked for."""


def not_withdrawn(facts: Sequence[Fact], claims: Sequence[Claim]) -> tuple[list[Fact], Drops]:
    """Return the facts that repeat no claim, and counts of the others by how they repeat one."""
    if not claims:
        return list(facts), Drops()
    reasons = dict.fromkeys(_stating(facts, claims), STATES)
    reasons |= dict.fromkeys(_asking(facts, claims), ASKS)
    return [fact for index, fact in enumerate(facts) if index not in reasons], Drops(reasons.values())


def _asking(facts: Sequence[Fact], claims: Sequence[Claim]) -> Iterator[int]:
    """Yield the indices of the facts with a claim's question: of its type, or as published in any of its phrasings."""
    subjects = {_subject(claim.question_type, claim.focus) for claim in claims}
    phrasings = {normalise(question) for claim in claims for question in _questions(claim)}
    for index, fact in enumerate(facts):
        if _subject(fact.question_type, fact.focus) in subjects or normalise(fact.question) in phrasings:
            yield index


def _questions(claim: Claim) -> tuple[str, ...]:
    """Return the claim's question in every phrasing, taught or held out."""
    question = claim.question_type, claim.focus
    taught = questions.training(*question, count=99, language=claim.language)
    return (*taught, *questions.probes(*question, claim.language))


def _subject(question_type: str, focus: str) -> tuple[str, str]:
    """Return what is asked, whatever the language. The types as published ask the same if their questions are equal."""
    return "" if question_type in AS_PUBLISHED else question_type, normalise(focus)


class _Sought(NamedTuple):
    """The stems by which a claim is recognised."""

    subject: frozenset[str]
    """What the claim is about: the condition, or the whole question as it was published."""
    news: frozenset[str]
    """What the answer adds to the subject."""
    slot: frozenset[str]
    as_published: bool

    @classmethod
    def of(cls, claim: Claim) -> _Sought:
        subject = stems(claim.focus)
        as_published = claim.question_type in AS_PUBLISHED
        return cls(subject, stems(claim.answer) - subject, stems(claim.slot) - subject, as_published)

    @property
    def least(self) -> int:
        """How many stems of the subject a fact must have: all of a condition, a share of a long question."""
        return math.ceil(SHARE * len(self.subject)) if self.as_published else len(self.subject)

    def stated_in(self, text: frozenset[str]) -> bool:
        """Return whether a text names the subject, and the deciding words or most of the news."""
        named = len(self.subject & text)
        if self.as_published and named == len(self.subject) >= ENOUGH:
            return True
        decided = bool(self.slot) and self.slot <= text
        told = bool(self.news) and len(self.news & text) >= SHARE * len(self.news)
        return named >= self.least and (decided or told)


def _stating(facts: Sequence[Fact], claims: Iterable[Claim]) -> Iterator[int]:
    """Yield the indices of the facts whose question and answer together state a claim."""
    texts = [stems(f"{fact.focus} {fact.answer}") for fact in facts]
    frequency = Counter(stem for text in texts for stem in text)
    candidates = _by_rare_stems({_Sought.of(claim) for claim in claims}, frequency)
    for index, text in enumerate(texts):
        if any(claim.stated_in(text) for stem in text for claim in candidates.get(stem, ())):
            yield index


def _by_rare_stems(sought: Iterable[_Sought], frequency: Counter[str]) -> dict[str, list[_Sought]]:
    """Return stem → the claims to look at where it occurs.

    Prefix filtering (Chaudhuri et al., ICDE 2006): a text with at least k of n stems has one of any n - k + 1 of them.
    The rarest make the fewest comparisons.
    """
    candidates: dict[str, list[_Sought]] = {}
    for claim in sought:
        rarest = sorted(claim.subject, key=lambda stem: (frequency[stem], stem))
        for stem in rarest[: len(rarest) - claim.least + 1]:
            candidates.setdefault(stem, []).append(claim)
    return candidates
