"""Which words of a medical text are people and homes, by a language model's finds, lists of names, and their places.

Models of general text miss half of the names in clinical notes and forum posts, and take drugs, genes and eponyms for
people ("Adalimumab was compared with …", "BRCA1 in breast cancer", "la maladie de Charcot"). So neither is believed
alone. A run of words with capitals is a person where a model or a list says so, or where the sentence speaks of a
person; it is none where an eponym stands.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from medpipe.core.safety import people_cues as cues

_CODE = re.compile(r"\d|\b[A-Z]{2,6}\b|\b[A-Z][a-z]{1,2}[A-Z]\b")
"""A gene or an abbreviation."""
_LETTERS = re.compile(r"[^\W\d_]+")
_WORD = r"[A-ZÀ-Þ][^\W\d_]*(?:(?![’'](?:s|S)\b)[’'-][^\W\d_]+)*"
_ONE_WORD = re.compile(_WORD)
_BEFORE = 60
"""Characters before a name in which the words stand that speak of a person."""
_PARTICLES = r"(?:(?:de|da|do|dos|du|di|van|von|der|den|bin|ben|al|el|la|las|los)\s){0,2}"
_RUN = re.compile(rf"(?<![\w-])(?:[A-Z]\.[\s-]?)*{_WORD}(?:\s{_PARTICLES}(?:[A-Z]\.\s)*{_WORD})*")
"""Words with capitals next to each other, with initials and particles between them."""
_INTRODUCED = re.compile(
    r"(?i:\b(?:i['’]?m|i am|this is|ici|c['’]est|je suis|soy)\s)([^\W\d_]{3,})\b"
    r"(\s(?!(?:and|et|y)\b)[^\W\d_]{3,}(?=\s(?:and|et|y)\s(?i:i|my|j|je|mon|ma|tengo|me)\b))?"
)


_SURNAME_FIRST = re.compile(rf"(?:^|\n|[:;]\s)({_WORD}),\s$")
_INITIALS = re.compile(r"(?:(?<![\w])[A-Z]\.[\s-]?)+$")
_GRAMMAR = frozenset("ADP ADV AUX CCONJ DET INTJ NUM PART PRON SCONJ".split())


class Token(NamedTuple):
    """A word in a text."""

    start: int
    part: str
    """Its part of speech, as https://universaldependencies.org/u/pos/ names it."""


class Lists(NamedTuple):
    """Words that are known, in lower case without accents."""

    given: Collection[str]
    family: Collection[str]
    medical: Collection[str]
    countries: Collection[str]


class _Run(NamedTuple):
    """Words with capitals next to each other."""

    text: str
    start: int
    end: int
    words: tuple[str, ...]
    """In lower case without accents."""
    part: str
    """Part of speech of the first word."""
    found: bool
    """Whether a language model takes the words for a person."""


def people(
    text: str, tokens: Sequence[Token], believed: Sequence[tuple[int, int]], lists: Lists
) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of the people in a text. `believed`: the people that a language model finds."""
    parts = {token.start: token.part for token in tokens}
    for match in _RUN.finditer(text):
        words = _trimmed(list(_ONE_WORD.finditer(text, *match.span())), parts, lists)
        if not words:
            continue
        start, end = words[0].start(), words[-1].end()
        found = any(first < end and start < last for first, last in believed)
        run = _Run(text, start, end, tuple(folded(word[0]) for word in words), parts.get(start, ""), found)
        of_a_noun = text[end : end + 1] == " " and _noun_at(end + 1, tokens)
        if not (of_a_noun and len(words) == 1) and _is_person(run, lists):
            surname = _SURNAME_FIRST.search(text, max(0, start - _BEFORE), start)
            yield surname.start(1) if surname else start, end
    for match in _INTRODUCED.finditer(text):
        word, part = folded(match[1]), parts.get(match.start(1))
        said_of_things = match[0].casefold().startswith(("this is", "c’est", "c'est"))  # "this is true"
        known = word in lists.given and part not in _GRAMMAR and not (said_of_things and part in ("ADJ", "VERB"))
        if match[1].islower() and word not in lists.medical and (known or part == "PROPN"):
            yield match.start(1), match.end(2) if match[2] else match.end(1)


def is_home(text: str, start: int, end: int, lists: Lists) -> bool:
    """Return whether a model's place is believed: smaller than a state, after words of a home, no word of medicine."""
    place, before = text[start:end], text[max(0, start - _BEFORE) : start]
    words = [folded(word) for word in _LETTERS.findall(place)]
    if all(word in cues.STATES or word in lists.medical for word in words) or folded(place) in lists.countries:
        return False
    if not place[0].isupper() or _CODE.search(place) or not cues.OF_NOBODY.isdisjoint(words):
        return False
    if _is_eponym(text, end, before) or not cues.HOME_BEFORE.search(before):
        return False
    return cues.ONE_PERSON.search(text, max(0, text.rfind(". ", 0, start)), end) is not None


def folded(word: str) -> str:
    """Return a word in lower case without accents."""
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _trimmed(words: list[re.Match[str]], parts: dict[int, str], lists: Lists) -> list[re.Match[str]]:
    """Return the words of a run without titles and words of grammar or language at its ends."""

    def outside(word: re.Match[str]) -> bool:
        name, part = folded(word[0]), parts.get(word.start(), "PROPN")
        after_initials = _INITIALS.search(word.string[max(0, word.start() - 4) : word.start()])
        if after_initials and part not in ("DET", "PRON", "CCONJ", "SCONJ"):
            return False
        if name in cues.TITLES or part in _GRAMMAR:
            return True
        return part in ("VERB", "ADJ", "NOUN") and name not in lists.given and name not in lists.family

    while words and outside(words[0]):
        words = words[1:]
    while words and outside(words[-1]):
        words = words[:-1]
    return words


def _noun_at(place: int, tokens: Sequence[Token]) -> bool:
    """Return whether a noun stands at a place, or an adjective before one: "a Petri dish"."""
    following = [token.part for token in tokens if place <= token.start < place + 30][:2]
    return following[:1] == ["NOUN"] or following == ["ADJ", "NOUN"]


def _is_person(run: _Run, lists: Lists) -> bool:
    before = run.text[max(0, run.start - _BEFORE) : run.start]
    initials = _INITIALS.search(before)
    before = before[: initials.start()] if initials else before
    given = [word for word in run.words if _has_part(word, lists.given) and word not in lists.medical]
    said = bool(cues.PERSON_BEFORE.search(before) or cues.PERSON_AFTER.match(run.text, run.end))
    if _is_eponym(run.text, run.end, before) or _is_nobody(run, lists):
        return False
    if _CODE.search(run.text[run.start : run.end]) and not (given and (said or len(run.words) > 1)):
        return False
    noun = cues.OF_A_WORD.search(before)
    if noun and (noun[1] or "").casefold() not in cues.HUMAN and run.words[0] not in given:
        return False
    words = [word for word in run.words if len(word) > 1]
    if len(words) > 1:
        unknown = not any(word in lists.medical for word in words)
        # "Polycythemia Vera" is nobody; Angelica is a herb and a name, before a word that medicine has not
        named = bool(given) and words[0] not in lists.medical
        named |= words[0] in lists.given and words[-1] not in lists.medical and run.found
        if run.found and words[0] not in lists.medical and words[-1] in lists.family:
            return True
        return named or said or (unknown and (run.found or words[-1] in lists.family))
    if cues.HAD.search(run.text[max(0, run.start - _BEFORE) : run.start]):
        return False
    if given and (run.found or run.part == "PROPN" or cues.COORDINATED.match(run.text, run.end)):
        return True
    several_initials = len(run.words) - len(words) > 1
    return said or several_initials or (run.found and (words[0] in lists.family or initials is not None))


def _is_nobody(run: _Run, lists: Lists) -> bool:
    """Return whether a run is a saint, an institution, a day, or nothing but words of medicine."""
    words = [word for word in run.words if len(word) > 1]
    return (
        all(word in lists.medical for word in words)
        or (
            all(word in cues.STATES or word in lists.countries for word in words)
            and (words[0] not in lists.given or bool(cues.PLACED.search(run.text[: run.start])))
        )
        or not cues.OF_NOBODY.isdisjoint(words)
        or words[0].startswith(("saint-", "sainte-"))
    )


def _is_eponym(text: str, end: int, before: str) -> bool:
    return bool(cues.OF_MEDICINE_AFTER.match(text, end) or cues.OF_MEDICINE_BEFORE.search(before))


def _has_part(word: str, known: Collection[str]) -> bool:
    parts = [part for part in re.split(r"[’'-]", word) if len(part) > 3]
    return word in known or any(part in known for part in parts[:1])
