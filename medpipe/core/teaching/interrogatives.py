"""Which interrogative a question has, in English, French and Spanish: it survives translation."""

from __future__ import annotations

import re

from medpipe.core.text import unaccented

OPTIONS = "options"
"""The kind of a question that asks for one of the options under it."""
_WHETHER = "whether"
_KINDS = {
    OPTIONS: (
        r"of the(?:se|m| following)\b|following statements?|propositions?|suivante?s?\b|lequel|laquelle|lesquel"
        r"|siguientes|cual de|exacte|cochez"
    ),
    "how much": (
        r"how (?:long|often|many|much|soon|far|late|fast|quickly|old)|combien|cuant[oa]|frequence|frecuencia"
        r"|a quel age|que edad"
    ),
    "why": r"why\b|pourquoi|por que\b",
    "when": r"when\b|quand\b|cuando",
    "how": r"how\b|comment\b|como\b",
    "who": r"who\b|qui\b|quien",
    "where": r"where\b|ou (?:se|est|sont|puis|faut)\b|donde",
    "what": r"what\b|which\b|que\b|qu'|quel|quoi|cual",
}
_PATTERNS = {kind: re.compile(rf"\b(?:{pattern})") for kind, pattern in _KINDS.items()}


def kind_of(question: str) -> str:
    """Return the interrogative in English; `OPTIONS` for an examination's phrase, "whether" where there is none."""
    plain = unaccented(question.casefold().replace("’", "'"))
    return next((kind for kind, pattern in _PATTERNS.items() if pattern.search(plain)), _WHETHER)
