"""What one document says, as questions with answers: headings, an article's conclusion, curated pairs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from medpipe.core import sources
from medpipe.core.corpus.document import Document, Section
from medpipe.core.refs import digest_of
from medpipe.core.sources import Kind
from medpipe.core.sources import prefix as prefix  # selection, filters, split and the card name sources by it
from medpipe.core.teaching import answers, questions
from medpipe.core.teaching.phrasings import AIM, CHOICE, DECISION, FINDING, QUESTION, TRIAGE
from medpipe.core.teaching.recipe import Data

LABELS = {frozenset({"yes", "no", "maybe"}): DECISION, frozenset({"immediate", "medium", "delayed"}): TRIAGE}
"""Choices that are the classes of a task and not the options of an examination."""

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WHOLE = re.compile(r"\b(abstract|summary|r[eé]sum[eé]n?)\b", re.IGNORECASE)
_PRONOUNS = frozenset({"it", "this", "them", "they", "these", "this condition", "this disease"})


class Fact(NamedTuple):
    """One question that a document answers. For questions as published `focus` is the question.

    `also` are documents of other facts that say nearly the same, and `twin` is what those facts have in
    common (see `core.teaching.filters`). `cluster` is what the document shares with its twins (see `core.clusters`).
    """

    document: Document
    question_type: str
    focus: str
    answer: str
    slot: str = ""
    language: str = "en"
    context: str = ""
    choices: tuple[str, ...] = ()
    also: tuple[Document, ...] = ()
    twin: str = ""
    cluster: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """Equal for facts that ask the same in the same language, whatever document they are from."""
        asked = self.question_type, questions.normalise(self.focus)
        return asked if self.language == "en" else (*asked, self.language)

    @property
    def id(self) -> str:
        """`document id#8 hex digits`, the same for every revision of the answer."""
        return f"{self.document.id}#{digest_of(self.key)[:8]}"

    @property
    def question(self) -> str:
        """The question as it is published."""
        return questions.training(self.question_type, self.focus, 1, self.language)[0]


def languages(document: Document) -> frozenset[str]:
    """Every language that a section of the document is in."""
    return frozenset(
        section.language or document.language for section in document.sections or (Section(heading="", text=""),)
    )


def decompose(document: Document, plan: Data, drops: Counter[str]) -> list[Fact]:
    """The document's facts in the order of its sections; `drops` counts by reason what is left out."""
    found: dict[tuple[str, ...], Fact] = {}
    for section in document.sections:
        if (section.language or document.language) not in plan.languages:
            drops["section in another language"] += 1
            continue
        told = [fact for fact in _told(document, section, plan) if fact]
        if not told:
            drops["section answers no question"] += 1
        for fact in told:
            if not fact.answer:
                drops["answer blank or its first sentence too long"] += 1
            elif len(fact.question) > plan.max_question_chars:
                drops["question too long"] += 1
            elif found.setdefault(fact.key, fact) is not fact:
                drops["asked twice in one document"] += 1
    return list(found.values())


def _told(document: Document, section: Section, plan: Data) -> Iterator[Fact]:
    language = section.language or document.language
    context = _context(document, section, plan) if plan.contexts else ""
    if section.choices:
        yield from (fact._replace(language=language, context=context) for fact in _chosen(document, section))
    elif asked := _asked(document, section, language, plan):
        answer = answers.cut(section.text, plan.max_answer_chars)
        yield Fact(
            document,
            asked.question_type,
            asked.focus,
            answer,
            answers.slot(asked.focus, answer, language),
            language,
            context,
        )


def _asked(document: Document, section: Section, language: str, plan: Data) -> questions.Recognised | None:
    kind = sources.kind_of(document.id)
    if kind not in (Kind.PAGE, Kind.ARTICLE):
        heading = " ".join(section.heading.split())
        return questions.Recognised(QUESTION, heading) if heading else None
    # PubMed's titles are English; an abstract in the article's own language stands under the title in it.
    title = document.original_title if kind is Kind.ARTICLE and language != "en" else document.title
    asked = questions.recognise(section.heading, title, language)
    if kind is Kind.ARTICLE:
        return asked if asked and asked.question_type == FINDING else _aimed(document, section, language, plan)
    about = document.focus or document.title
    if asked is None:
        return None if section.heading.strip() else questions.Recognised("information", about)
    bare = asked.focus.casefold() in _PRONOUNS or asked.focus == document.title
    return questions.Recognised(asked.question_type, about) if bare else asked


def _aimed(document: Document, section: Section, language: str, plan: Data) -> questions.Recognised | None:
    """What an article concluded about its stated aim, where the recipe takes that for a question."""
    if not plan.aims or language != "en" or not questions.concludes(section.heading):
        return None
    aims = (
        questions.aim_of(one.heading, one.text)
        for one in document.sections
        if (one.language or document.language) == language
    )
    aim = next(filter(None, aims), "")
    return questions.Recognised(AIM, aim) if aim else None


def _chosen(document: Document, section: Section) -> Iterator[Fact]:
    """A question with its options: the answer is the label, or the right options with their letters."""
    asked, first = " ".join(section.heading.split()), section.text.split("\n", 1)[0].strip()
    kind = LABELS.get(frozenset(choice.casefold() for choice in section.choices))
    if kind:
        label = next((one for one in section.choices if re.match(rf"{re.escape(one)}\b", first, re.IGNORECASE)), "")
        yield Fact(document, kind, asked, label, label, choices=section.choices)
        return
    options = " ".join(f"{letter}. {option}" for letter, option in zip(_LETTERS, section.choices, strict=False))
    right = " ".join(first.split())
    yield Fact(document, CHOICE, f"{asked} {options}", right, right, choices=section.choices)


def _is_passage(section: Section) -> bool:
    """A labelled part of an abstract that is not its conclusion, nor another abstract, which has one in it."""
    return bool(section.heading) and not questions.concludes(section.heading) and not _WHOLE.search(section.heading)


def _context(document: Document, section: Section, plan: Data) -> str:
    """What the question is asked about: the set's own context, or an abstract without its conclusion.

    As PubMedQA does it (Jin et al., EMNLP 2019, arXiv:1909.06146, section 2.1).
    """
    language = section.language or document.language
    whole = section.context
    if not whole and sources.kind_of(document.id) is Kind.ARTICLE:
        whole = "\n".join(
            f"{one.heading}: {one.text}"
            for one in document.sections
            if (one.language or document.language) == language and _is_passage(one)
        )
    return answers.cut(whole, plan.max_context_chars)
