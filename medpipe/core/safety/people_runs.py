"""Runs of words with capitals in a text, and the words of lists by which they are judged."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import NamedTuple

from medpipe.core.safety import people_cues as cues
from medpipe.core.text import unaccented

WORD = rf"[{cues.CAPITAL}][^\W\d_]*(?:(?![’'](?:s|S)\b)[’'-][^\W\d_]+)*"
BEFORE = 60
"""Characters before a name in which the words stand that speak of a person."""
GRAMMAR = frozenset("ADP ADV AUX CCONJ DET INTJ NUM PART PRON SCONJ".split())
"""Parts of speech that no name has."""
CLAUSE = re.compile(r"(?:^|[.!?:;\n•–-]\s*|,\s)$")
"""Before the first word of a clause."""
_LANGUAGE = GRAMMAR | {"VERB", "ADJ", "NOUN"}
_SENTENCE = re.compile(r"(?:^|[.!?\n]\s*)$")
_ONE_WORD = re.compile(WORD)
_ELIDED = re.compile(r"^[cjlmnst][’']")
_HEADING = 3
"""Words in capitals above which they are a heading."""
_PARTICLES = r"(?:(?:de|da|do|dos|du|di|van|von|der|den|bin|ben|al|el|la|las|los|St\.)\s|[dD][’'])*"
_RUN = re.compile(rf"(?<![\w-])(?:[{cues.CAPITAL}]\.[\s-]?)*{WORD}(?:\s{_PARTICLES}(?:[{cues.CAPITAL}]\.\s)*{WORD})*")
"""Words with capitals next to each other, with initials and particles between them."""
_INITIALS = re.compile(rf"(?:(?<![\w])[{cues.CAPITAL}]\.[\s-]?)+$")

Span = tuple[int, int]
"""Start and end in characters."""


class Token(NamedTuple):
    """A word in a text."""

    start: int
    part: str
    """Its part of speech, as https://universaldependencies.org/u/pos/ names it."""


class Lists(NamedTuple):
    """Words that are known, in lower case without accents."""

    given: Collection[str]
    family: AbstractSet[str]
    medical: AbstractSet[str]
    countries: Collection[str]
    usual: Collection[str] = ()
    """The most frequent given names."""
    eponyms: Collection[str] = ()
    """Given names that are words of medicine, too."""
    grammar: AbstractSet[str] = frozenset()
    """Words that a language cannot do without, and that are names only by chance."""


class Run(NamedTuple):
    """Words with capitals next to each other."""

    text: str
    first: int
    """Where the initials begin, or the first word."""
    start: int
    end: int
    words: tuple[str, ...]
    """In lower case without accents, without initials."""
    initials: int
    part: str
    """Part of speech of the first word."""
    following: str
    """Part of speech of what comes next."""
    found: bool
    """Whether a language model takes the words for a person."""
    placed: bool
    """Whether it takes them for a place."""
    before: str
    """What stands before the words and their initials."""


def runs(
    text: str, parts: dict[int, str], believed: Sequence[Span], places: Sequence[Span], lists: Lists
) -> Iterator[Run]:
    """Yield what may be one person's name each. `parts`: parts of speech by where a word starts."""
    for match in _RUN.finditer(text):
        for words in _pieces(_words(match), parts, lists):
            yield _run(words, parts, believed, places)


def folded(word: str) -> str:
    """Return a word in lower case without accents."""
    return unaccented(word.casefold())


def has_part(word: str, known: Collection[str]) -> bool:
    """Return whether a word, or each part of one with a hyphen or an apostrophe, is known."""
    parts = [part for part in re.split(r"[’'-]", word) if len(part) > 2]
    return word in known or (len(parts) > 1 and all(part in known for part in parts))


def _words(match: re.Match[str]) -> list[re.Match[str]]:
    """Return the words of a run without its initials."""
    words = _ONE_WORD.finditer(match.string, *match.span())
    return [word for word in words if len(word[0]) > 1]


def _pieces(words: list[re.Match[str]], parts: dict[int, str], lists: Lists) -> Iterator[list[re.Match[str]]]:
    """Yield the words of a run that may be one person's: no title, no grammar, no heading in capitals."""
    if len(words) > _HEADING and all(word[0].isupper() for word in words):
        for first, second in pairwise(words):
            if folded(first[0]) in lists.given and folded(second[0]) in lists.family:
                yield [first, second]
        return
    piece: list[re.Match[str]] = []
    for word in words:
        between = word.string[piece[-1].end() : word.start()] if piece else ""
        of_a_word = cues.OF.search(between) and folded(piece[-1][0]) not in lists.given  # "Test de Coombs"
        # "Hepatitis B. Fever": the letter belongs to what stands before it, and a sentence ends
        if of_a_word or (_INITIALS.search(between) and not _known(piece[-1][0], lists)):
            yield from _trimmed(piece, parts, lists)
            piece = []
        piece.append(word)
    yield from _trimmed(piece, parts, lists)


def _trimmed(words: list[re.Match[str]], parts: dict[int, str], lists: Lists) -> Iterator[list[re.Match[str]]]:
    """Yield the words, if any are left, without titles and words of grammar or language at their ends."""

    def outside(word: re.Match[str]) -> bool:
        name, part = folded(word[0]), parts.get(word.start(), "PROPN")
        if name in cues.TITLES or name in cues.HUMAN:
            return True
        if len(words) == 1 and part not in GRAMMAR and cues.PERSON_AFTER.match(word.string, word.end()):
            return False
        if word[0] in cues.PARTICLES and word is not words[-1] and not CLAUSE.search(word.string[: word.start()]):
            return False
        if name in lists.grammar:  # "Will" before a family name is a name
            return not (
                name in lists.given and word is not words[-1] and not _SENTENCE.search(word.string[: word.start()])
            )
        return part in _LANGUAGE and not _known(word[0], lists)

    while words and outside(words[0]):
        # taggers take rare given names for other words; a word of the language before a known name is rare
        if (
            len(words) > 1
            and parts.get(words[0].start()) not in GRAMMAR
            and _may_be_given(words[0], lists)
            and _known(words[1][0], lists)
        ):
            break
        words = words[1:]
    while words and outside(words[-1]):
        last, before = folded(words[-1][0]), folded(words[-2][0]) if len(words) > 1 else ""
        if before in lists.given and (_may_be_given(words[-1], lists) or last in lists.family):
            break
        words = words[:-1]
    if words:
        yield words


def _may_be_given(word: re.Match[str], lists: Lists) -> bool:
    name = _ELIDED.sub("", folded(word[0]))
    listed = (cues.TITLES, cues.HUMAN, cues.CALENDAR, cues.WHEN, cues.OF_NOBODY, lists.grammar, lists.medical)
    return not any(name in words for words in listed)


def _run(
    words: list[re.Match[str]],
    parts: dict[int, str],
    believed: Sequence[Span],
    places: Sequence[Span],
) -> Run:
    text, start, end = words[0].string, words[0].start(), words[-1].end()
    before = text[max(0, start - BEFORE) : start]
    initials = _INITIALS.search(before)
    if initials and _may_have_initials(text, start - len(initials[0]), parts):
        before = before[: initials.start()]
    else:
        initials = None
    return Run(
        text,
        start - (len(initials[0]) if initials else 0),
        start,
        end,
        tuple(_ELIDED.sub("", folded(word[0])) for word in words),
        initials[0].count(".") if initials else 0,
        parts.get(start, ""),
        next((part for place, part in parts.items() if place >= end), "PUNCT"),
        any(first < end and start < last for first, last in believed),
        any(first < end and start < last for first, last in places),
        before,
    )


def _may_have_initials(text: str, place: int, parts: dict[int, str]) -> bool:
    """Return whether a letter at a place begins a name. In "groupe B. Anémie" it ends a sentence."""
    if CLAUSE.search(text[max(0, place - 4) : place]):
        return True
    last = max((start for start in parts if start < place), default=0)
    return text[place - 1 : place].isspace() and parts.get(last) in ("ADP", "VERB", "AUX", "PUNCT")


def _known(word: str, lists: Lists) -> bool:
    return has_part(folded(word), lists.given) or folded(word) in lists.family
