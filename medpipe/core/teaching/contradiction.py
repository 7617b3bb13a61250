"""Corrections that contradict what a current document says. They wait for a person.

The rules compare words and do not understand sentences. About a question that the corpus answers, a correction may say
what the document says, in fewer or reordered words, and add sentences that the policy accepts. Every other word waits:
a wrong drug can be put into any sentence. docs/feedback.md says what the rules miss.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from medpipe.core.refs import digest_of
from medpipe.core.teaching import answers, passages, questions
from medpipe.core.teaching.facts import Fact, fact_key
from medpipe.core.text import contains, folded, normalise, words

_FOCUS_WORDS = 12
"""A focus of more words is found by its phrasings only."""
_ALL = 99
"""More phrasings than any question type has."""


class Known(NamedTuple):
    """What the corpus says about one question."""

    exact: tuple[Fact, ...] = ()
    """Facts that answer the question, in any of their phrasings."""
    near: tuple[Fact, ...] = ()
    """Facts about a condition that the question names, when no fact answers the question itself."""

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The facts that the question is about."""
        return self.exact or self.near


class Contradiction(NamedTuple):
    """A correction that waits for a person."""

    id: str
    """Of answer, identity and text: another correction of the same answer has another id."""
    answer_id: str
    identity: str
    question: str
    answer: str
    correction: str
    document: str
    """Id of the document that says otherwise; "" when no document is about the question."""
    states: str
    """What that document says."""


def correction_id(answer_id: str, identity: str, correction: str) -> str:
    """Return the name of a correction, by which a person's decision about it is kept."""
    return digest_of({"answer": answer_id, "identity": identity, "correction": folded(correction)})


def known(facts: Iterable[Fact], asked: Iterable[str]) -> dict[str, Known]:
    """Return what the facts say about each of the questions, by the question's normalised text.

    Memory grows with the questions and not with the facts. Questions that no fact is about are left out.
    """
    wanted = {normalise(question): question for question in asked}
    by_key: dict[tuple[str, ...], set[str]] = {}
    by_run: dict[str, set[str]] = {}
    for normal, question in wanted.items():
        for key in _keys(question):
            by_key.setdefault(key, set()).add(normal)
        for run in _runs(normal):
            by_run.setdefault(run, set()).add(normal)
    exact: dict[str, list[Fact]] = {}
    near: dict[str, list[Fact]] = {}
    for fact in facts:
        focus = normalise(fact.focus)
        naming = by_run.get(focus, set())
        # Every phrasing has the focus in it: a short focus that no question names needs no phrasings.
        phrased = _phrasings(fact) & wanted.keys() if naming or focus.count(" ") >= _FOCUS_WORDS else set()
        for normal in by_key.get(fact.key, set()) | phrased:
            exact.setdefault(normal, []).append(fact)
        for normal in naming:
            near.setdefault(normal, []).append(fact)
    return {normal: Known(tuple(exact.get(normal, ())), tuple(near.get(normal, ()))) for normal in {*exact, *near}}


def contradicted(
    question: str, answer: str, correction: str, about: Known, accepted: Collection[str] = ()
) -> Fact | None:
    """Return a fact that the correction of an answer contradicts or adds to, or None.

    Where several documents answer the question differently, agreeing with one of them is enough. Where none answers it
    and some are about its condition, each sentence of the correction must say what one of their facts says, in that
    fact's own words. `accepted`: sentences that may be added to any answer.
    """
    stripped = {normalise(sentence) for sentence in accepted}
    said = " ".join(text for text in passages.sentences(correction) if normalise(text) not in stripped)
    if about.exact:
        departing = [fact for fact in about.exact if _departs(fact, question, answer, said)]
        return departing[0] if len(departing) == len(about.exact) else None
    # The asker chose the words of a question that no document has, and so perhaps those of its answer.
    stated = passages.sentences(said) or [""]
    supported = all(any(not _departs(fact, fact.focus, "", text) for fact in about.near) for text in stated)
    return about.near[0] if about.near and not supported else None


def documents(about: Known) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the ids and the revisions of the documents that a question is about, sorted by id."""
    pairs = sorted(
        {(document.id, document.revision) for fact in about.facts for document in (fact.document, *fact.also)}
    )
    return tuple(id for id, _ in pairs), tuple(revision for _, revision in pairs)


def _keys(question: str) -> set[tuple[str, ...]]:
    """Return the keys that a fact which answers the question may have (`Fact.key`)."""
    keys: set[tuple[str, ...]] = set()
    for language in questions.LANGUAGES:
        if recognised := questions.recognise(question, "", language):
            keys.add(fact_key(recognised.question_type, recognised.focus, language))
    return keys


def _phrasings(fact: Fact) -> set[str]:
    kind, focus, language = fact.question_type, fact.focus, fact.language
    phrased = (
        *questions.training(kind, focus, _ALL, language, _ALL),
        *questions.held_out(kind, focus, language),
    )
    return set(map(normalise, phrased))


def _runs(normal: str) -> set[str]:
    """Return every run of words of a question that can be a focus."""
    split = normal.split()
    return {
        " ".join(split[start:end])
        for start in range(len(split))
        for end in range(start + 1, min(len(split), start + _FOCUS_WORDS) + 1)
    }


def _departs(fact: Fact, question: str, answer: str, correction: str) -> bool:
    """Return whether a correction says something else, or more, than the fact that answers the question.

    Words of the served answer may stay in the correction of a long answer, which no single word decides.
    """
    told = {*words(fact.answer), *words(question)}
    if decider := answers.decider(fact.focus, fact.answer, fact.slot):
        return not contains(correction, decider) or bool(answers.content(correction) - told)
    states = answers.content(fact.answer) - set(words(question))
    agrees = not states or bool(states & set(words(correction)))
    return not agrees or bool(answers.content(correction) - told - set(words(answer)))
