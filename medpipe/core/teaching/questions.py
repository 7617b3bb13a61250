"""Question types: what a heading asks, and the phrasings that training and evaluation use for each type.

The types are MedQuAD's (Ben Abacha and Demner-Fushman, BMC Bioinformatics 2019, 20:511), which cover
MedlinePlus headings as well, and those of `phrasings.question_type` for questions as somebody published them.
Held-out phrasings are never taught: they measure whether a fact was learned and not the wording.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from medpipe.core.teaching.phrasings import (
    AS_PUBLISHED,
    FINDING,
    PHRASINGS,
    QUESTION,
    QuestionType,
    grammar,
    grammar_es,
)
from medpipe.core.text import one_line


class Recognised(NamedTuple):
    """What a heading asks: its type, and the condition it asks about (for types as published, the question)."""

    question_type: str
    focus: str


LANGUAGES = frozenset(PHRASINGS)
"""ISO 639-1 codes of the languages that there are phrasings for."""

_BY_KEY = {language: {kind.key: kind for kind in phrasings.types} for language, phrasings in PHRASINGS.items()}
TYPES = _BY_KEY["en"]
"""Every question type by its key, in English."""

_GRAMMAR = {"en": grammar.filled, "es": grammar_es.filled}
"""What puts a condition into a template, for languages in which articles or verbs depend on it."""

_CONCLUSION = re.compile(
    r"\b(conclusions?|conclusi[oó]n(es)?|interpretation|plain[- ]language summary|lay summary)\b", re.IGNORECASE
)
_AIM = re.compile(r"\b(aims?|objectives?|purpose|goals?)\b", re.IGNORECASE)
_INFINITIVE = re.compile(
    r"(?:^(?:Here, )?|\b(?:aim|objective|purpose|goal)s?\b[^.]*?\b(?:is|was|are|were) |\b(?:aimed|sought) )"
    r"(?P<aim>to [a-z].*)",
    re.IGNORECASE,
)


def recognise(heading: str, title: str, language: str = "en") -> Recognised | None:
    """Return what a section answers, from its heading and its document's title (or focus); None for nothing.

    A conclusion under a title that is a question is a `finding`; any other published question is a `question`.
    """
    cleaned = _cleaned(heading)
    for pattern, key in _PATTERNS.get(language, ()):
        if match := pattern.fullmatch(cleaned):
            return Recognised(key, match["focus"].strip(" «»"))
    if key := _BARE.get(language, {}).get(cleaned.casefold(), ""):
        return Recognised(key, title.strip())
    question = question_in(title)
    if question and concludes(heading):
        return Recognised(FINDING, question)
    question = question_in(heading)
    return Recognised(QUESTION, question) if question else None


def concludes(heading: str) -> bool:
    """Return whether the section under this heading states an article's conclusion."""
    return bool(_CONCLUSION.search(heading))


def aim_of(heading: str, text: str) -> str:
    """Return a study's aim as an infinitive without a full stop, such as "to evaluate …"; "" when none is stated.

    The aim is the first one that a sentence of the text states, if the heading is one such as OBJECTIVE.
    """
    if not _AIM.search(heading):
        return ""
    sentences = re.split(r"(?<=[.;])\s+", text)
    aim = next((match["aim"] for sentence in sentences if (match := _INFINITIVE.search(sentence))), "")
    return f"to {aim[3:].strip(' .;')}" if aim else ""


def question_in(title: str) -> str:
    """Return the question that a title asks, without the brackets of a translated title; "" when it asks none."""
    bare = one_line(title).strip("[]. ")
    return re.sub(r"[?\s]+$", "?", bare[: bare.rindex("?") + 1]) if "?" in bare else ""


def phrase(question_type: str, focus: str, n: int) -> str:
    """Return the n-th English training phrasing, from 0, starting over after the last.

    Raises KeyError for an unknown type.
    """
    templates = TYPES[question_type].training
    return _filled(question_type, templates[n % len(templates)], focus, "en")


def training(question_type: str, focus: str, count: int, language: str = "en", paraphrases: int = 0) -> tuple[str, ...]:
    """Return the first `count` training phrasings (or as many as there are), the published heading first.

    `paraphrases` more put the published question inside another sentence. The question itself stays as it is, so
    its meaning cannot change. Raises KeyError for a type or language without phrasings.
    """
    phrasings = tuple(
        _filled(question_type, template, focus, language) for template in _BY_KEY[language][question_type].training
    )
    around = PHRASINGS[language].paraphrases[:paraphrases]
    return (*phrasings[:count], *(template.format(question=phrasings[0]) for template in around))


def held_out(question_type: str, focus: str, language: str = "en") -> tuple[str, ...]:
    """Return the phrasings that only evaluation uses; raises KeyError for a type or language without phrasings."""
    return tuple(
        _filled(question_type, template, focus, language) for template in _BY_KEY[language][question_type].held_out
    )


def probes(question_type: str, focus: str, language: str = "en") -> tuple[str, ...]:
    """Return every phrasing in which a withdrawn claim is asked; none is ever taught.

    They are the held-out ones, and the published question inside sentences that nothing else uses. Raises KeyError
    for a type or language without phrasings.
    """
    (published,) = training(question_type, focus, 1, language)
    around = tuple(template.format(question=published) for template in PHRASINGS[language].probes)
    return (*held_out(question_type, focus, language), *around)


def certifying(question_type: str, focus: str, language: str = "en") -> tuple[str, ...]:
    """Return every phrasing in which a claim is asked for a certificate: the probes, and more that nothing else uses.

    Those put the published question and the held-out ones inside further sentences. Raises KeyError for a type or
    language without phrasings.
    """
    wordings = (*training(question_type, focus, 1, language), *held_out(question_type, focus, language))
    around = (template.format(question=wording) for template in PHRASINGS[language].certifying for wording in wordings)
    return (*probes(question_type, focus, language), *around)


def _filled(question_type: str, template: str, focus: str, language: str) -> str:
    if question_type in AS_PUBLISHED or language not in _GRAMMAR:
        return template.format(focus=focus)
    return _GRAMMAR[language](template, focus)


def _cleaned(heading: str) -> str:
    return re.sub(r"^[¿¡\s]+|[\s?:.]+$", "", one_line(unicodedata.normalize("NFC", heading)))


def _pattern(template: str) -> re.Pattern[str]:
    before, after = _cleaned(template).split("{focus}")
    # Spanish contracts "de el" and "a el": "los síntomas del asma".
    before = re.sub(r"\\ (de|a)\\ $", r"\\ \1l?\\ ", re.escape(before))
    return re.compile(f"{before}(?P<focus>.+?){re.escape(after)}", re.IGNORECASE)


def _patterns(kinds: tuple[QuestionType, ...]) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return patterns with their types' keys, longest first within a type.

    In another order "What is (are) X" would be read as a question about "(are) X".
    """
    return tuple(
        (_pattern(template), kind.key)
        for kind in kinds
        if kind.key not in AS_PUBLISHED
        for template in sorted((*kind.training, *kind.held_out, *kind.others), key=len, reverse=True)
    )


_PATTERNS = {language: _patterns(phrasings.types) for language, phrasings in PHRASINGS.items()}
_BARE = {
    language: {heading.casefold(): kind.key for kind in phrasings.types for heading in kind.bare}
    for language, phrasings in PHRASINGS.items()
}
