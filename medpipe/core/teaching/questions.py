"""Question types: what a heading asks, and the phrasings that training and evaluation use for each.

The types are MedQuAD's (Ben Abacha and Demner-Fushman, BMC Bioinformatics 2019, 20:511), which cover
MedlinePlus headings as well; `finding` is what a PubMed article concluded about the question in its
title; `question`, `choice`, `decision` and `triage` are questions as somebody published them. No held-out
phrasing is ever taught: it measures whether a fact was learned and not the wording.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from medpipe.core.teaching.phrasings import AS_PUBLISHED, ENGLISH, FINDING, PARAPHRASES, QUESTION, QuestionType
from medpipe.core.teaching.phrasings_elsewhere import FRENCH, FRENCH_PARAPHRASES, SPANISH, SPANISH_PARAPHRASES


class Recognised(NamedTuple):
    """What a heading asks: its type, and what it asks about (for `finding` and `question`, the question)."""

    question_type: str
    focus: str


TABLES = {"en": ENGLISH, "es": SPANISH, "fr": FRENCH}
"""The question types of each language."""

LANGUAGES = frozenset(TABLES)
"""ISO 639-1 codes of the languages that there are phrasings for."""

_BY_KEY = {language: {one.key: one for one in table} for language, table in TABLES.items()}
TYPES = _BY_KEY["en"]
"""Every question type by its key, in English."""

_PARAPHRASES = {"en": PARAPHRASES, "es": SPANISH_PARAPHRASES, "fr": FRENCH_PARAPHRASES}
_CONCLUSION = re.compile(
    r"\b(conclusions?|conclusi[oó]n(es)?|interpretation|plain[- ]language summary|lay summary)\b", re.IGNORECASE
)
_AIM = re.compile(r"\b(aims?|objectives?|purpose|goals?)\b", re.IGNORECASE)
_INFINITIVE = re.compile(
    r"(?:^(?:Here, )?|\b(?:aim|objective|purpose|goal)s?\b[^.]*?\b(?:is|was|are|were) |\b(?:aimed|sought) )"
    r"(?P<aim>to [a-z].*)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+")


@lru_cache(maxsize=1024)  # one answer after another is asked for under several questions
def normalise(text: str) -> str:
    """The words of a text, lower case, without punctuation: what decides that two questions are the same."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def recognise(heading: str, title: str, language: str = "en") -> Recognised | None:
    """What a section answers, from its heading and its document's title (or focus); None when nothing.

    A conclusion under a title that is a question is a `finding`; another published question is a `question`.
    """
    cleaned = _cleaned(heading)
    for pattern, key in _PATTERNS.get(language, ()):
        if found := pattern.fullmatch(cleaned):
            return Recognised(key, found["focus"].strip())
    if key := _BARE.get(language, {}).get(cleaned.casefold(), ""):
        return Recognised(key, title.strip())
    asked = question_in(title)
    if asked and concludes(heading):
        return Recognised(FINDING, asked)
    asked = question_in(heading)
    return Recognised(QUESTION, asked) if asked else None


def concludes(heading: str) -> bool:
    """Whether a section of an article says what was found."""
    return bool(_CONCLUSION.search(heading))


def aim_of(heading: str, text: str) -> str:
    """What a study set out to do, as an infinitive without a full stop: "to evaluate …"; empty when it does not say.

    Read from the first sentence of a section such as OBJECTIVE that states it.
    """
    if not _AIM.search(heading):
        return ""
    found = next((match["aim"] for line in re.split(r"(?<=[.;])\s+", text) if (match := _INFINITIVE.search(line))), "")
    return f"to {found[3:].strip(' .;')}" if found else ""


def question_in(title: str) -> str:
    """The question that a title asks, without the brackets of a translated title; empty when it asks none."""
    bare = " ".join(title.split()).strip("[]. ")
    return re.sub(r"[?\s]+$", "?", bare[: bare.rindex("?") + 1]) if "?" in bare else ""


def phrase(question_type: str, focus: str, n: int) -> str:
    """The n-th training phrasing in English, from 0 and round again; raises KeyError for an unknown type."""
    templates = TYPES[question_type].training
    return templates[n % len(templates)].format(focus=focus)


def training(question_type: str, focus: str, count: int, language: str = "en", paraphrases: int = 0) -> tuple[str, ...]:
    """The first `count` training phrasings (or as many as there are), the published heading first.

    `paraphrases` more are the published question inside another sentence: nothing of it is changed, so it still
    asks the same. Raises KeyError for a type or language without phrasings.
    """
    phrasings = tuple(template.format(focus=focus) for template in _BY_KEY[language][question_type].training)
    wrapped = tuple(template.format(question=phrasings[0]) for template in _PARAPHRASES[language][:paraphrases])
    return (*phrasings[:count], *wrapped)


def held_out(question_type: str, focus: str, language: str = "en") -> tuple[str, ...]:
    """The phrasings that only evaluation uses; raises KeyError for a type or language without phrasings."""
    return tuple(template.format(focus=focus) for template in _BY_KEY[language][question_type].held_out)


def _cleaned(heading: str) -> str:
    return re.sub(r"^[¿¡\s]+|[\s?:.]+$", "", " ".join(unicodedata.normalize("NFC", heading).split()))


def _pattern(template: str) -> re.Pattern[str]:
    before, after = _cleaned(template).split("{focus}")
    # Spanish contracts "de el" and "a el": "los síntomas del asma".
    before = re.sub(r"\\ (de|a)\\ $", r"\\ \1l?\\ ", re.escape(before))
    return re.compile(f"{before}(?P<focus>.+?){re.escape(after)}", re.IGNORECASE)


def _patterns(table: tuple[QuestionType, ...]) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Longest first, so that "What is (are) X" is not read as a question about "(are) X"."""
    return tuple(
        (_pattern(template), one.key)
        for one in table
        if one.key not in AS_PUBLISHED
        for template in sorted((*one.training, *one.held_out, *one.others), key=len, reverse=True)
    )


_PATTERNS = {language: _patterns(table) for language, table in TABLES.items()}
_BARE = {
    language: {heading.casefold(): one.key for one in table for heading in one.bare}
    for language, table in TABLES.items()
}
