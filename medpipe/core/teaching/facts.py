"""A document's facts: questions with their answers, from headings, an article's conclusion or curated pairs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from medpipe.core import dialogue, sources
from medpipe.core.corpus.document import Document, Section
from medpipe.core.refs import digest_of
from medpipe.core.sources import Kind
from medpipe.core.teaching import answers, passages, questions
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.drops import Drops, sift, total
from medpipe.core.teaching.options import with_options
from medpipe.core.teaching.origin import Origin
from medpipe.core.teaching.passages import Length
from medpipe.core.teaching.phrasings import AIM, CHOICE, DECISION, FINDING, OVERVIEW, QUESTION, TRIAGE, grammar
from medpipe.core.text import normalise, one_line
from medpipe.core.triage import labels as triage_labels

LABELS = {frozenset({"yes", "no", "maybe"}): DECISION, frozenset(triage_labels.LABELS): TRIAGE}
"""Choices that are the classes of a task and not the options of an examination."""

LABELLED = frozenset(LABELS.values()) | {CHOICE}
"""Types whose answer is a label or an option. Questions that have nothing else in common share such answers."""

_WHOLE_ABSTRACT = re.compile(r"\b(abstract|summary|r[eé]sum[eé]n?)\b", re.IGNORECASE)
_WHAT = "information"
_TWICE = "asked twice in one document"
_ROOM = 1000
"""Characters that a text may gain when its lists are written anew: no limit at all."""
_PRONOUNS = frozenset({"it", "this", "them", "they", "these", "this condition", "this disease"})


class Fact(NamedTuple):
    """One question that a document answers. For questions as published, `focus` is the whole question."""

    document: Origin
    question_type: str
    focus: str
    answer: str
    slot: str = ""
    language: str = "en"
    context: str = ""
    choices: tuple[str, ...] = ()
    also: tuple[Origin, ...] = ()
    """Documents of other facts that say nearly the same."""
    cluster: str = ""
    """Equal for facts of documents that are twins: they stay on one side of the split."""

    @property
    def key(self) -> tuple[str, ...]:
        """A key that is equal for facts that ask the same in the same language, of whatever document."""
        return fact_key(self.question_type, self.focus, self.language)

    @property
    def id(self) -> str:
        """`document id#8 hex digits`, the same for every revision of the answer."""
        return fact_id(self.document.id, self.key)

    @property
    def says(self) -> str:
        """A digest of the answer, its passage and its choices: it differs when the fact has changed."""
        return fact_says(self.answer, self.context, self.choices)

    @property
    def question(self) -> str:
        """The question as it is published."""
        return questions.training(self.question_type, self.focus, 1, self.language)[0]

    @property
    def texts(self) -> list[str]:
        """Everything that the fact says: question, answer, context and choices."""
        return [self.focus, self.answer, self.context, *self.choices]


def fact_key(question_type: str, focus: str, language: str) -> tuple[str, ...]:
    """Return the key of every fact that asks this, of whatever document. English has no mark of its language."""
    key = question_type, normalise(focus)
    return key if language == "en" else (*key, language)


def fact_says(answer: str, context: str, choices: tuple[str, ...]) -> str:
    """Return a digest of what a fact says (`Fact.says`)."""
    return digest_of([answer, context, choices])


def fact_id(document: str, key: tuple[str, ...]) -> str:
    """Return the id of the fact with a key (`Fact.key`) in the document with an id."""
    return f"{document}#{digest_of(key)[:8]}"


def languages(document: Document) -> frozenset[str]:
    """Return the languages of a document's sections; that of the document when it has no section."""
    sections = document.sections or (Section(heading="", text=""),)
    return frozenset(_language(document, section) for section in sections)


def decompose(document: Document, data: Data, tokens: Length = len) -> tuple[list[Fact], Drops]:
    """Return the facts of a document in the order of its sections, and what was left out by reason.

    `tokens` counts those of the recipe's base; it is called where the recipe has a limit in tokens.
    """
    facts: dict[tuple[str, ...], Fact] = {}
    dropped = Drops()
    origin = Origin.of(document)
    if sources.kind_of(document.id) is Kind.GENERAL:
        return [], dropped
    for section in document.sections:
        if _language(document, section) not in data.languages:
            dropped["section in another language"] += 1
            continue
        candidates = list(_facts_of(document, origin, section, data, tokens))
        if not candidates:
            dropped["section answers no question"] += 1
        for fact in candidates:
            if not fact.answer:
                dropped[_unanswered(section)] += 1
            elif not _fits(fact.question, data, tokens):
                dropped["question too long"] += 1
            elif facts.setdefault(fact.key, fact) is not fact:
                dropped[_TWICE] += 1
    told = {fact.key[1:] for fact in facts.values() if fact.question_type == _WHAT}
    kept, others = sift(
        facts.values(), lambda fact: _TWICE if fact.question_type == OVERVIEW and fact.key[1:] in told else ""
    )
    return kept, total(dropped, others)


def _language(document: Document, section: Section) -> str:
    return section.language or document.language


def _unanswered(section: Section) -> str:
    """Return why nothing of a section is an answer."""
    if section.text.strip() and not any(passages.answering(section.text)):
        return "answer only names other pages"
    return "answer blank, or no part of it fits"


def _fits(question: str, data: Data, tokens: Length) -> bool:
    most, in_tokens = data.limit("question")
    return (tokens if in_tokens else len)(question) <= most


def _cut(text: str, part: Literal["context", "answer"], data: Data, tokens: Length) -> str:
    most, in_tokens = data.limit(part)
    return passages.cut(text, most, tokens if in_tokens else len, data.answers if part == "answer" else "one line")


def _answer(document: Document, section: Section, data: Data, tokens: Length) -> str:
    """Return what of a section is taught. A reply to a person is whole or nothing: its advice stands at its end."""
    answer = _cut(section.text, "answer", data, tokens)
    replies = sources.by_people(document.source)
    whole = passages.cut(section.text, len(section.text) + _ROOM, answers=data.answers)
    return "" if replies and answer != whole else answer


def _facts_of(document: Document, origin: Origin, section: Section, data: Data, tokens: Length) -> Iterator[Fact]:
    language = _language(document, section)
    if section.choices:
        fact = _choice(origin, section)._replace(language=language)
    elif recognised := _recognised(document, section, data):
        question_type, focus = recognised
        answer = _answer(document, section, data, tokens)
        if question_type == _WHAT and not answers.says_what(focus, answer):
            question_type = OVERVIEW
        fact = Fact(origin, question_type, focus, answer, answers.slot(focus, answer, language), language)
    else:
        return
    if said := _earlier(section, data, tokens):
        yield fact._replace(context=said)
    else:
        yield fact._replace(context=_context(document, section, data, tokens)) if data.contexts else fact


def _earlier(section: Section, data: Data, tokens: Length) -> str:
    """Return the turns before a question that are told as turns: the last ones that fit, from one of the user's."""
    most, in_tokens = data.limit("context")
    turns = dialogue.turns_of(section.context, data.history)
    while turns and (tokens if in_tokens else len)(dialogue.written(turns)) > most:
        turns = turns[2:]
    return dialogue.written(turns)


def _recognised(document: Document, section: Section, data: Data) -> questions.Recognised | None:
    """Return what the section answers, by the kind of its source; None for nothing."""
    kind = sources.kind_of(document.id)
    if kind is Kind.ARTICLE:
        return _of_article(document, section, data)
    if kind is Kind.PAGE:
        return _of_page(document, section)
    question = one_line(section.heading)
    return questions.Recognised(QUESTION, question) if question else None


def _of_article(document: Document, section: Section, data: Data) -> questions.Recognised | None:
    language = _language(document, section)
    # PubMed's titles are English; an abstract in the article's own language belongs to the title in that language.
    title = document.title if language == "en" else document.original_title
    recognised = questions.recognise(section.heading, title, language)
    if recognised and recognised.question_type == FINDING:
        return recognised
    return _aim(document, section, data)


def _of_page(document: Document, section: Section) -> questions.Recognised | None:
    language = _language(document, section)
    about = document.focus or document.title
    if language == "en":
        about = grammar.with_article(about, document.sections[0].text)
    recognised = questions.recognise(section.heading, document.title, language)
    if recognised is None:
        return None if section.heading.strip() else questions.Recognised(_WHAT, about)
    bare = recognised.focus.casefold() in _PRONOUNS or recognised.focus in (document.title, document.focus)
    return questions.Recognised(recognised.question_type, about) if bare else recognised


def _aim(document: Document, section: Section, data: Data) -> questions.Recognised | None:
    """Return an article's stated aim as the question that its conclusion answers, where the recipe allows it."""
    language = _language(document, section)
    if not data.aims or language != "en" or not questions.concludes(section.heading):
        return None
    aims = (
        questions.aim_of(other.heading, other.text)
        for other in document.sections
        if _language(document, other) == language
    )
    aim = next(filter(None, aims), "")
    return questions.Recognised(AIM, aim) if aim else None


def _choice(origin: Origin, section: Section) -> Fact:
    """Return a question with its options: the answer is the label, or the right options with their letters."""
    question, first_line = one_line(section.heading), section.text.split("\n", 1)[0].strip()
    kind = LABELS.get(frozenset(choice.casefold() for choice in section.choices))
    if kind:
        matches = (label for label in section.choices if re.match(rf"{re.escape(label)}\b", first_line, re.IGNORECASE))
        label = next(matches, "")
        return Fact(origin, kind, question, label, label, choices=section.choices)
    right = one_line(first_line)
    choices = tuple(option for option in section.choices if option)
    return Fact(origin, CHOICE, with_options(question, section.choices), right, right, choices=choices)


def _is_passage(section: Section) -> bool:
    """Return whether a section is a labelled part of an abstract that holds no conclusion."""
    # A section named ABSTRACT or SUMMARY is a second abstract, and so has a conclusion in it.
    heading = section.heading
    return bool(heading) and not questions.concludes(heading) and not _WHOLE_ABSTRACT.search(heading)


def _context(document: Document, section: Section, data: Data, tokens: Length) -> str:
    """Return the passage that the question is about: the set's own context, or an abstract without its conclusion.

    As PubMedQA does it (Jin et al., EMNLP 2019, arXiv:1909.06146, section 2.1).
    """
    language = _language(document, section)
    passage = section.context
    if not passage and sources.kind_of(document.id) is Kind.ARTICLE:
        passage = "\n".join(
            f"{part.heading}: {part.text}"
            for part in document.sections
            if _language(document, part) == language and _is_passage(part)
        )
    return _cut(passage, "context", data, tokens)
