"""What survives the translation of a question between English, French and Spanish: its interrogative, roots, numbers.

Latin and Greek roots are spelled nearly alike in the three ("hypertension", "hipertensión"). An interrogative has its
counterpart in the other languages, and so has the phrase by which an examination asks for one of its options.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

OPTIONS = "options"
"""The kind of a question that asks for one of the options under it."""
_WHETHER = "whether"
_KINDS = {
    OPTIONS: (
        r"of the following|following statements?|propositions?|suivante?s?\b|lequel|laquelle|lesquel"
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
_WORD = re.compile(r"[^\W_]+")
_ROOT = 5
"""Letters that two words of a Latin or Greek root share at least."""


class Asked(NamedTuple):
    """What a question asks, apart from its language."""

    kind: str
    """The interrogative, in English; `whether` where there is none."""
    roots: frozenset[str]
    """Numbers, and the first five letters of each word that has them, without accents."""


def asked(question: str) -> Asked:
    """Return what a question asks."""
    decomposed = unicodedata.normalize("NFKD", question.casefold().replace("’", "'"))
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    words = _WORD.findall(plain)
    return Asked(
        next((kind for kind, pattern in _PATTERNS.items() if pattern.search(plain)), _WHETHER),
        frozenset(word if word.isdigit() else word[:_ROOT] for word in words if word.isdigit() or len(word) >= _ROOT),
    )
