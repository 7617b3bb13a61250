"""Who a text is about, as far as the limits of vital signs depend on it: age and pregnancy.

Pure, and for text without accents in English, French and Spanish. Somebody whose age is not told counts as an adult,
except "a baby" and "a toddler".
"""

from __future__ import annotations

import re
from typing import NamedTuple

ADULT = 18.0
"""Years that stand for an age that is not told."""


class Patient(NamedTuple):
    """A person's age in years, and whether she is pregnant."""

    years: float = ADULT
    pregnant: bool = False


_WORDS = {
    word: number
    for number, words in enumerate(
        (
            "one un une uno una a",
            "two deux dos",
            "three trois tres",
            "four quatre cuatro",
            "five cinq cinco",
            "six seis",
            "seven sept siete",
            "eight huit ocho",
            "nine neuf nueve",
            "ten dix diez",
            "eleven onze once",
            "twelve douze doce",
        ),
        start=1,
    )
    for word in words.split()
}
_COUNT = rf"(\d{{1,3}}|{'|'.join(word for word in _WORDS if len(word) > 1)})"
_CHILD = (
    r"(?:baby|infant|newborn|neonate|toddler|boy|girl|child|son|daughter|kid|bebe|nourrisson|nouveau-nee?|enfant|fils|fille|"
    r"petite?|garcon|lactante|recien nacid[oa]|nin[oa]|hij[oa]|chic[oa]|crio)"
)
_AGES = [
    re.compile(rf"\b{_COUNT}[- ]?(d|w|m|y)\w*[- ]old\b", re.IGNORECASE),
    re.compile(
        rf"\b{_CHILD}(?: \w+)? (?:is|are|aged?|de|d'|a|agee? de|tiene|con|of|y) {_COUNT} (d|w|m|y|j|s|a)\w+",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b{_COUNT} ?(y)[/ ]?o\b|\b(\d{{1,3}}) ?(y|a)(?:rs?|ears?|ns|nos)?\b(?! (?:ago|since))", re.IGNORECASE
    ),
    re.compile(r"\b(\d{1,3})()[MFHV]\b"),
]
_UNITS = {"d": 1 / 365, "j": 1 / 365, "w": 7 / 365, "s": 7 / 365, "m": 1 / 12, "y": 1.0, "a": 1.0, "": 1.0}
"""First letter of a unit → years. "s" is "semaines" and "semanas"; "a" is "ans" and "años"."""
_YOUNG = (
    (re.compile(r"\b(?:newborn|neonate|nouveau-nee?|recien nacid[oa])\b", re.IGNORECASE), 0.05),
    (re.compile(r"\b(?:baby|infant|nourrisson|bebe|lactante)\b", re.IGNORECASE), 0.5),
    (re.compile(r"\btoddler\b", re.IGNORECASE), 2.0),
)
_PREGNANT = re.compile(
    r"\b(?:pregnan\w*|gravida|weeks'? gestation|enceinte|grossesse|embaraz\w+|gestante|semanas de gestacion)\b",
    re.IGNORECASE,
)


def patient_of(text: str) -> Patient:
    """Return the patient whom a text without accents is about."""
    return Patient(_years(text), bool(_PREGNANT.search(text)))


def _years(text: str) -> float:
    for pattern in _AGES:
        if match := pattern.search(text):
            count, unit = [group for group in match.groups() if group is not None][:2]
            number = int(count) if count.isdigit() else _WORDS[count.lower()]
            return number * _UNITS[unit[:1].lower()]
    return next((years for pattern, years in _YOUNG if pattern.search(text)), ADULT)
