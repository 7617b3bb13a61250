"""Which of the people and places that a language model finds in a medical text are believed.

Models of general text take drugs, genes and eponyms for people ("Adalimumab was compared with …", "BRCA1 in breast
cancer", "la maladie de Charcot"). A find counts only where its form and its place in the sentence are those of a
person or of a place to live.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from medpipe.core.safety.given_names import GIVEN_NAMES

_CODE = re.compile(r"\d|\b[A-Z]{2,6}\b")
"""A gene or an abbreviation."""
_OF_MEDICINE_AFTER = re.compile(
    r"(?:-[\w’'-]+)*[’']?s?\s+(?i:disease|syndrome|disorder|phenomenon|sign|test|score|scale|law|virus|tumou?r|lymphoma"
    r"|sarcoma|palsy|cells?|reflex|fracture|index|catheter|ultrasound|procedure|operation|model|curve|method|criteria"
    r"|classification|thyroiditis|esophagus|oesophagus|anemia|anaemia|nodes?|body|bodies|duct|fever|study|trial)\b"
)
_OF_MEDICINE_BEFORE = re.compile(
    r"(?i:\b(?:disease|syndrome|circle|islets|tetralogy|described) (?:of|by)\s+(?:the\s)?"
    r"|\b(?:maladie|syndrome|phénomène|thyroïdite|lymphome|signe|test|score|échelle|sonde|canal|indice|loi|modèle"
    r"|enfermedad|síndrome|fenómeno|tiroiditis|linfoma|signo|prueba|escala|sonda|vitamine?a?)\s+(?:de\s|d[’']|del\s)?)$"
)
_PLACE_BEFORE = re.compile(
    r"(?i:\b(?:in|at|from|near|to|à|vers|dans|près de|habite|en|vive en)\s+(?:the\s|la\s|le\s)?)$"
    r"|\b[A-ZÀ-Þ][\w’'-]+\s(?:of|de)\s$"
)
_STATES = frozenset(
    "alabama alaska arizona arkansas california carolina colorado columbia connecticut dakota delaware florida georgia "
    "hawaii idaho illinois indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota "
    "mississippi missouri montana nebraska nevada hampshire jersey mexico york ohio oklahoma oregon pennsylvania rhode "
    "island tennessee texas utah vermont virginia washington wisconsin wyoming new north south west states united "
    "kingdom england scotland wales ireland france spain canada europe africa asia america".split()
)
"""Words of states and larger areas: they may stay (45 CFR 164.514(b)(2)(i)(B))."""
_LETTERS = re.compile(r"[^\W\d_]+")


def is_person(text: str, start: int, end: int, medical: Collection[str]) -> bool:
    """Return whether a model's person is believed: two names, or one that is a common given name.

    `medical`: words of medicine in lower case without accents. A single word that is one of them is no person, nor is
    anything that stands where an eponym stands.
    """
    words = _LETTERS.findall(text[start:end])
    if _CODE.search(text[start:end]) or _is_eponym(text, start, end):
        return False
    if len(words) == 1:
        return words[0] in GIVEN_NAMES and folded(words[0]) not in medical
    return not all(folded(word) in medical for word in words)


def is_home(text: str, start: int, end: int, medical: Collection[str]) -> bool:
    """Return whether a model's place is believed: smaller than a state, after a word of place, no word of medicine."""
    if _CODE.search(text[start:end]) or _is_eponym(text, start, end):
        return False
    known = all(folded(word) in _STATES or folded(word) in medical for word in _LETTERS.findall(text[start:end]))
    return not known and _PLACE_BEFORE.search(text[:start]) is not None


def folded(word: str) -> str:
    """Return a word in lower case without accents."""
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _is_eponym(text: str, start: int, end: int) -> bool:
    return bool(_OF_MEDICINE_AFTER.match(text, end) or _OF_MEDICINE_BEFORE.search(text[:start]))
