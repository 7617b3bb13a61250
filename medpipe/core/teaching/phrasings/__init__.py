"""The phrasings of each question type, one module for each language.

To add a language, write its module with a `PHRASINGS`, and add that to the dict `PHRASINGS` below. A recipe can then
name the language. CONTRIBUTING.md lists what else depends on the language.
"""

from medpipe.core.teaching.phrasings import en, es, fr
from medpipe.core.teaching.phrasings.question_type import (
    AIM,
    AS_PUBLISHED,
    CHOICE,
    DECISION,
    FINDING,
    OVERVIEW,
    QUESTION,
    TRIAGE,
    Phrasings,
    QuestionType,
)

__all__ = [
    "AIM",
    "AS_PUBLISHED",
    "CHOICE",
    "DECISION",
    "FINDING",
    "OVERVIEW",
    "PHRASINGS",
    "QUESTION",
    "TRIAGE",
    "Phrasings",
    "QuestionType",
]

PHRASINGS: dict[str, Phrasings] = {
    "en": en.PHRASINGS,
    "es": es.PHRASINGS,
    "fr": fr.PHRASINGS,
}
"""ISO 639-1 code of a language → its phrasings."""
