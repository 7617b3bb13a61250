"""The block: which questions and answers are withheld because of the claims that are withdrawn.

A question is stopped when it asks what a withdrawn claim answers, in any phrasing. An answer is stopped when it
asserts a withdrawn claim, whatever was asked. The block errs towards withholding: a reply that points to a clinician
costs less than a finding that its publisher took back. docs/withdrawals.md states how many questions it stops wrongly.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from medpipe.core.knowledge import question_cues
from medpipe.core.knowledge.key_words import COMMON, STRONG, Vocabulary, coverage, weighed
from medpipe.core.teaching import questions
from medpipe.core.teaching.answers import sentences
from medpipe.core.teaching.claim import Claim
from medpipe.core.teaching.phrasings import AS_PUBLISHED

WITHHELD = (
    "The finding that this answer would rest on was withdrawn by its publisher, so it is not given here. "
    "Please ask a clinician, such as your doctor or pharmacist."
)
"""The reply that is served instead. It passes the guardrails."""

Reason = Literal["", "withdrawn-question", "withdrawn-answer"]
"""Why a text is withheld, as metrics name it; empty when it is not."""

_CONDITION, _PUBLISHED, _RARE, _SENTENCE = 0.7, 0.6, 0.25, 0.7
"""Least share of the key words of: the condition that a question must name; the published question that it must
repeat; the question that must be there beside a rare slot; a sentence that an answer must repeat."""
_TELLING = 2.0
"""Least weight of the key words of a sentence that can identify a claim without a slot."""
_RARE_LETTERS = 6
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
    """The key words of each telling sentence of the answer, for claims without a slot."""

    def asked_by(self, question: str, found: frozenset[str]) -> bool:
        """Return whether a question with the words `found` asks what the claim answers."""
        if not self.essential <= found:
            return False
        if self.published:
            return coverage(self.focus, found) >= _PUBLISHED and self._names_enough(question, found)
        if coverage(self.focus, found) < _CONDITION:
            return False
        return bool(self.slot and self.slot <= found) or question_cues.asks(question, self.question_type)

    def asserted_by(self, answered: frozenset[str], around: frozenset[str]) -> bool:
        """Return whether an answer asserts the claim. `around`: the words of the answer and of its question."""
        about = coverage(self.focus, around) if self.essential <= around else 0.0
        if self.slot:
            return self.slot <= answered and about >= (_RARE if self.rare else _CONDITION)
        return about >= _CONDITION and any(coverage(sentence, answered) >= _SENTENCE for sentence in self.said)

    def _names_enough(self, question: str, found: frozenset[str]) -> bool:
        """Return whether two words that carry meaning are named; one is enough where only information is asked for."""
        named = {word for word, weight in self.focus.items() if weight >= COMMON} & found
        return len(named) > 1 or (bool(named) and question_cues.asks(question, "information"))


class ClaimBlock:
    """Claims, compiled to judge texts. Compiling takes about 0.1 ms a claim, so make one for each state."""

    def __init__(self, claims: Iterable[Claim] = ()) -> None:
        self._claims = tuple(map(_compiled, claims))
        self._of_word: dict[str, list[int]] = defaultdict(list)
        for number, claim in enumerate(self._claims):
            for word in _vocabulary(claim):
                self._of_word[word].append(number)
        self._words = Vocabulary(self._of_word)

    def __len__(self) -> int:
        """Return the number of claims."""
        return len(self._claims)

    def asks(self, question: str) -> bool:
        """Return whether a question asks what a withdrawn claim answers."""
        found = self._words.found(question)
        return any(claim.asked_by(question, found) for claim in self._candidates(found))

    def asserts(self, answer: str, question: str = "") -> bool:
        """Return whether an answer asserts a withdrawn claim. `question`: everything that it may refer to."""
        asked = self._words.found(question)
        return any(
            claim.asserted_by(part, part | asked) for part in self._parts(answer) for claim in self._candidates(part)
        )

    def reason(self, question: str, answer: str = "", conversation: str = "") -> Reason:
        """Return why an exchange must be withheld. `conversation`: everything else that the person wrote."""
        if self.asks(question):
            return "withdrawn-question"
        return "withdrawn-answer" if self.asserts(answer, f"{conversation} {question}") else ""

    def _parts(self, answer: str) -> Iterator[frozenset[str]]:
        """Yield the words of each two neighbouring sentences: a claim can be spread over two, and rarely over more."""
        found = [self._words.found(sentence) for sentence in sentences(answer)]
        yield from (before | after for before, after in zip(found, found[1:] or found, strict=False))

    def _candidates(self, found: frozenset[str]) -> Iterator[_Compiled]:
        for number in {number for word in found for number in self._of_word[word]}:
            yield self._claims[number]


def _compiled(claim: Claim) -> _Compiled:
    kind, about = _subject(claim)
    slot = weighed(claim.slot)
    parts = () if slot else tuple(map(weighed, sentences(claim.answer)))
    return _Compiled(
        question_type=kind,
        published=kind in AS_PUBLISHED or not kind,
        focus=(focus := weighed(about)),
        essential=frozenset(word for word in focus if len(word) < 3 or _NUMBER.fullmatch(word)),
        slot=frozenset(slot),
        rare=any(weight >= STRONG and len(word) >= _RARE_LETTERS for word, weight in slot.items()),
        said=tuple(part for part in parts if sum(part.values()) >= _TELLING),
    )


def _subject(claim: Claim) -> tuple[str, str]:
    """Return the type of a claim and what it is about. "What is asthma?", as published, is information on asthma."""
    if claim.question_type in AS_PUBLISHED:
        recognised = questions.recognise(claim.focus, "", claim.language)
        if recognised and recognised.question_type not in AS_PUBLISHED:
            return recognised
    return claim.question_type, claim.focus


def _vocabulary(claim: _Compiled) -> set[str]:
    return {*claim.focus, *claim.slot, *(word for sentence in claim.said for word in sentence)}
