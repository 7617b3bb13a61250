"""Recognition of withdrawn claims: does a text ask what a claim answers, or assert a claim, in whatever words?

This is the one place that decides it, for the gateway, the lists of given answers, preference pairs and examples.
There are two strictnesses, because a mistake costs different things. `WITHHOLD` is for texts that would be shown or
preferred: a miss shows a finding that its publisher took back, a false alarm only points to a clinician, so a condition
need not be named in full, and hardly at all beside a word that names one thing. `TEACH` is for facts of other
documents: tens of thousands are compared with every claim, and published sets say the same of many conditions in one
template, so a false alarm silently loses true knowledge and the condition must be named in full.

A fact says itself what it asks (question type and focus), so facts are compared by that; the question of a person is
recognised by cues. `core.judging.scoring.asserts_claim` is stricter still: it knows a sample only, and the question
has already said what it is about. docs/withdrawals.md has the counts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from medpipe.core.teaching import question_cues, questions
from medpipe.core.teaching.claim import Claim
from medpipe.core.teaching.facts import Fact
from medpipe.core.teaching.key_words import COMMON, STRONG, Vocabulary, coverage, weighed
from medpipe.core.teaching.passages import sentences
from medpipe.core.teaching.phrasings import AS_PUBLISHED
from medpipe.core.text import normalise, one_line


class Strictness(NamedTuple):
    """Least shares of key words that a text must have to assert a claim, 0..1."""

    condition: float
    """Of the condition that the claim is about."""
    published: float
    """Of a whole question, as an article asks it."""
    rare: float | None = None
    """Beside a slot that names one thing; None: as ever."""
    sentence: float = 0.7
    """Of what a sentence of the claim says about it, where the claim has no slot."""


WITHHOLD = Strictness(condition=0.7, published=0.7, rare=0.25)
TEACH = Strictness(condition=1.0, published=0.7, sentence=0.8)

_ASKED_CONDITION, _ASKED_PUBLISHED = 0.7, 0.6
"""Least share of the key words that a question must have: of the condition; of the published question."""
_TELLING = 2.0
"""Least weight of the key words of a sentence that can identify a claim without a slot; its news weigh `STRONG`."""
_RARE_LETTERS = 6
_WHOLE_QUESTION = 3
"""Key words of a published question from which a fact with all of them states or denies the finding asked for."""
_NUMBER = re.compile(r".*\d.*|[ivx]+")


class _Compiled(NamedTuple):
    question_type: str
    published: bool
    """Whether the focus is a whole question."""
    focus: dict[str, float]
    essential: frozenset[str]
    """Words of the focus that tell two conditions apart although they are short: "type 2", "factor VII"."""
    slot: frozenset[str]
    rare: bool
    """Whether the slot has a word that names one thing."""
    said: tuple[dict[str, float], ...]
    """The key words that each telling sentence of the answer adds to the focus, for claims without a slot."""

    @property
    def signs(self) -> Iterator[str]:
        """The words of which every text that asks or asserts the claim has at least one.

        Prefix filtering (Chaudhuri et al., ICDE 2006): a text that has a share of the focus misses at most the rest,
        so the heaviest words that outweigh the rest cannot all be missing. Beside a rare slot, less may be named.
        """
        spare = (1 - _ASKED_PUBLISHED) * sum(self.focus.values())
        for word in sorted(self.focus, key=lambda word: (-self.focus[word], -len(word), word)):
            yield word
            spare -= self.focus[word]
            if spare < 0:
                break
        if self.slot:
            yield max(self.slot, key=lambda word: (len(word), word))

    def asked_by(self, question: str, found: frozenset[str]) -> bool:
        """Return whether a question with the words `found` asks what the claim answers."""
        if not self.essential <= found:
            return False
        if self.published:
            return coverage(self.focus, found) >= _ASKED_PUBLISHED and self._names_enough(question, found)
        if coverage(self.focus, found) < _ASKED_CONDITION:
            return False
        return bool(self.slot and self.slot <= found) or question_cues.asks(question, self.question_type)

    def asserted_by(self, answered: frozenset[str], around: frozenset[str], strictness: Strictness) -> bool:
        """Return whether an answer asserts the claim. `around`: the words of the answer and of its question."""
        about = coverage(self.focus, around) if self.essential <= around else 0.0
        least = strictness.published if self.published else strictness.condition
        if self.slot:
            beside = strictness.rare if self.rare and strictness.rare is not None else least
            return self.slot <= answered and about >= beside
        if not self.said:  # the answer says yes in the words of the question
            return self.settled_by(answered)
        return about >= least and any(coverage(sentence, answered) >= strictness.sentence for sentence in self.said)

    def settled_by(self, found: frozenset[str]) -> bool:
        """Return whether a text has every word of the published question, so that it states or denies the finding."""
        return self.published and len(self.focus) >= _WHOLE_QUESTION and self.focus.keys() <= found

    def _names_enough(self, question: str, found: frozenset[str]) -> bool:
        """Return whether two words that carry meaning are named; one is enough where only information is asked for."""
        named = {word for word, weight in self.focus.items() if weight >= COMMON} & found
        return len(named) > 1 or (bool(named) and question_cues.asks(question, "information"))


class Claims:
    """Claims, compiled to judge texts. Compiling takes about 0.1 ms a claim, so make one for each state."""

    def __init__(self, claims: Iterable[Claim] = ()) -> None:
        self._published = tuple(claims)
        self._claims = tuple(map(_compiled, self._published))
        self._of_sign: dict[str, list[int]] = defaultdict(list)
        for number, claim in enumerate(self._claims):
            for word in claim.signs:
                self._of_sign[word].append(number)
        self._words = Vocabulary(word for claim in self._claims for word in _vocabulary(claim))

    def __len__(self) -> int:
        """Return the number of claims."""
        return len(self._claims)

    @property
    def signs(self) -> frozenset[str]:
        """The words of which every text that asks or asserts a claim has at least one."""
        return frozenset(self._of_sign)

    def asks(self, question: str) -> bool:
        """Return whether a question, as a person words it, asks what a claim answers."""
        found = self._words.found(question)
        return any(claim.asked_by(question, found) for claim in self._candidates(found))

    def asserts(self, answer: str, question: str = "", strictness: Strictness = WITHHOLD) -> bool:
        """Return whether an answer asserts a claim. `question`: everything that it may refer to.

        Texts that deny a claim in its own words count as well: nobody loses anything if they are not repeated.
        """
        asked = self._words.found(question)
        return any(
            claim.asserted_by(part, part | asked, strictness)
            for part in self._parts(answer)
            for claim in self._candidates(part | asked)
        )

    def asks_same(self, fact: Fact) -> bool:
        """Return whether a fact answers the question of a claim: by type and focus, or as published in any phrasing."""
        subjects, phrasings = self._asked
        return _key(fact.question_type, fact.focus) in subjects or normalise(fact.question) in phrasings

    def stated_in(self, fact: Fact) -> bool:
        """Return whether a fact states a claim under another title, or settles what an article asked."""
        if self.asserts(fact.answer, fact.focus, TEACH):
            return True
        found = self._words.found(f"{fact.focus} {fact.answer}")
        return any(claim.settled_by(found) for claim in self._candidates(found))

    @cached_property
    def _asked(self) -> tuple[frozenset[tuple[str, str]], frozenset[str]]:
        """What the claims answer, and their questions in every phrasing."""
        return (
            frozenset(_key(claim.question_type, claim.focus) for claim in self._published),
            frozenset(normalise(question) for claim in self._published for question in _phrasings(claim)),
        )

    def _parts(self, answer: str) -> Iterator[frozenset[str]]:
        """Yield the words of each two neighbouring sentences: a claim can be spread over two, and rarely over more.

        Lines are read as written and as one line: whether their ends end sentences, the text does not say.
        """
        for text in dict.fromkeys((answer, one_line(answer))):
            found = [self._words.found(sentence) for sentence in sentences(text)]
            yield from (before | after for before, after in zip(found, found[1:] or found, strict=False))

    def _candidates(self, found: frozenset[str]) -> Iterator[_Compiled]:
        for number in {number for word in found & self._of_sign.keys() for number in self._of_sign[word]}:
            yield self._claims[number]


def _compiled(claim: Claim) -> _Compiled:
    kind, about = _subject(claim)
    focus, slot = weighed(about), weighed(claim.slot)
    return _Compiled(
        question_type=kind,
        published=kind in AS_PUBLISHED or not kind,
        focus=focus,
        essential=frozenset(word for word in focus if len(word) < 3 or _NUMBER.fullmatch(word)),
        slot=frozenset(slot),
        rare=any(weight >= STRONG and len(word) >= _RARE_LETTERS for word, weight in slot.items()),
        said=() if slot else tuple(_news(claim.answer, focus)),
    )


def _news(answer: str, focus: Mapping[str, float]) -> Iterator[dict[str, float]]:
    """Yield the key words that each telling sentence of an answer adds to the focus."""
    for sentence in map(weighed, sentences(answer)):
        news = {word: weight for word, weight in sentence.items() if word not in focus}
        if sum(sentence.values()) >= _TELLING and sum(news.values()) >= STRONG:
            yield news


def _subject(claim: Claim) -> tuple[str, str]:
    """Return the type of a claim and what it is about. "What is asthma?", as published, is information on asthma."""
    if claim.question_type in AS_PUBLISHED:
        recognised = questions.recognise(claim.focus, "", claim.language)
        if recognised and recognised.question_type not in AS_PUBLISHED:
            return recognised
    return claim.question_type, claim.focus


def _vocabulary(claim: _Compiled) -> set[str]:
    return {*claim.focus, *claim.slot, *(word for sentence in claim.said for word in sentence)}


def _key(question_type: str, focus: str) -> tuple[str, str]:
    """Return what is asked, whatever the language. The types as published ask the same if their questions are equal."""
    return "" if question_type in AS_PUBLISHED else question_type, normalise(focus)


def _phrasings(claim: Claim) -> tuple[str, ...]:
    """Return the claim's question in every phrasing, taught or held out."""
    question = claim.question_type, claim.focus
    taught = questions.training(*question, count=99, language=claim.language)
    return (*taught, *questions.probes(*question, claim.language))
