"""What is wrong with a text, by a few rules that a reader can check.

The rules are those of Gopher (Rae et al. 2021, arXiv:2112.11446, section A.1.1) and C4 (Raffel et al. 2020,
arXiv:1910.10683, section 2.2), adapted to medical answers: these are shorter, their words longer, their lists
and numbers legitimate. Rules over shares apply from so many words on that a share means something.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from medpipe.core.text import damage

TOO_SHORT = "too few words"
TOO_LONG = "too many words"
WORD_LENGTH = "words of unusual length"
SYMBOLS = "many symbols"
NUMBERS = "mostly numbers"
LINES = "repeats its lines"
PHRASES = "repeats its phrases"
BOILERPLATE = "a web page's boilerplate"
CUT_OFF = "cut off"
NO_SENTENCES = "no running text"
DAMAGED = "damaged characters"


class Limits(NamedTuple):
    """From where on a text is flawed. Shares are of characters unless they say words or lines."""

    fewest_words: int = 1
    most_words: int = 5000
    """Gopher: 50 to 100,000. An answer may be one word; recipes for prose ask for more."""
    word_length: tuple[float, float] = (3.0, 12.0)
    """Gopher: 3 to 10 characters on average; medicine's words are longer."""
    symbols: float = 0.1
    """Gopher: a tenth as many symbols as words. Here of all characters but spaces."""
    words_with_letters: float = 0.6
    """Gopher: 0.8 of the words. Doses and laboratory values are answers too."""
    repeated_lines: float = 0.3
    """Gopher: of the lines, those that occurred before."""
    top_phrase: float = 0.2
    """Gopher: characters in the commonest run of two words; here of four, since terms of two words do recur."""
    repeated_phrases: float = 0.3
    """Gopher: characters in runs of ten words that occurred before: 0.1, here more, since answers are short."""
    enough_words: int = 40
    """Rules over shares leave shorter texts alone."""


STANDARD = Limits()

_BOILERPLATE = re.compile(
    r"lorem ipsum|(?:enable|requires?|disabled?) javascript|javascript (?:is|must be|to be) |we use cookies"
    r"|(?:accept|allow) (?:all )?cookies|cookie policy|terms of (?:use|service) (?:and|apply)|all rights reserved"
    r"|sign up for our newsletter|subscribe to our|follow us on|share (?:this )?on (?:facebook|twitter)"
    r"|click here(?: to| for|\.|$)|nous utilisons des cookies|accepter (?:tous )?les cookies|tous droits réservés"
    r"|cliquez ici|abonnez-vous|utilizamos cookies|aceptar (?:todas )?las cookies|todos los derechos reservados"
    r"|haga clic aquí|suscríbase",
    re.IGNORECASE,
)

_ENDS_OPEN = re.compile(r"(?:\.{3}|…|\[(?:\.{3}|…)\]|\bread more|\blire la suite|\bleer más)\W*$", re.IGNORECASE)

_SYMBOL = re.compile(r"[^\w\s.,;:!?()\[\]'\"’‘“”«»¿¡\-–—/%+=<>≥≤±°µ&•*·]|_")

_SMALL_WORDS = frozenset(
    "the be is are to of and that have with in a it for or le la les un une des de du et est sont que dans pour par "
    "el los las uno unos del y es son en para por con se su".split()
)
"""Gopher asks for two of eight English ones; these are of English, French and Spanish."""


def flaws(text: str, limits: Limits = STANDARD) -> tuple[str, ...]:
    """The names of the rules that the text breaks, in their order above; empty for a good text."""
    words = text.split()
    found = [name for name, broken in _ALWAYS if broken(text, words, limits)]
    if len(words) >= limits.enough_words:
        found += [name for name, broken in _OF_LONG_TEXTS if broken(text, words, limits)]
    return tuple(found)


Rule = Callable[[str, Sequence[str], Limits], bool]


def _wrong_word_length(text: str, words: Sequence[str], limits: Limits) -> bool:
    least, most = limits.word_length
    return not least <= sum(map(len, words)) / len(words) <= most


def _many_symbols(text: str, words: Sequence[str], limits: Limits) -> bool:
    return len(_SYMBOL.findall(text)) > limits.symbols * sum(map(len, words))


def _mostly_numbers(text: str, words: Sequence[str], limits: Limits) -> bool:
    lettered = sum(any(map(str.isalpha, word)) for word in words)
    return lettered < limits.words_with_letters * len(words)


def _repeats_lines(text: str, words: Sequence[str], limits: Limits) -> bool:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return len(lines) > 3 and len(lines) - len(set(lines)) > limits.repeated_lines * len(lines)


def _repeats_phrases(text: str, words: Sequence[str], limits: Limits) -> bool:
    size = sum(map(len, words))
    fours = Counter(zip(*(words[start:] for start in range(4)), strict=False))
    phrase, often = fours.most_common(1)[0]
    if often > 2 and often * sum(map(len, phrase)) > limits.top_phrase * size:
        return True
    seen: set[tuple[str, ...]] = set()
    again: set[int] = set()
    for start, ten in enumerate(zip(*(words[start:] for start in range(10)), strict=False)):
        if ten in seen:
            again |= set(range(start, start + 10))
        seen.add(ten)
    return sum(len(words[place]) for place in again) > limits.repeated_phrases * size


def _no_running_text(text: str, words: Sequence[str], limits: Limits) -> bool:
    return len({word.lower() for word in words} & _SMALL_WORDS) < 2


_ALWAYS: tuple[tuple[str, Rule], ...] = (
    (TOO_SHORT, lambda text, words, limits: len(words) < limits.fewest_words),
    (TOO_LONG, lambda text, words, limits: len(words) > limits.most_words),
    (BOILERPLATE, lambda text, words, limits: _BOILERPLATE.search(text) is not None),
    (CUT_OFF, lambda text, words, limits: _ENDS_OPEN.search(text[-30:]) is not None),
    (DAMAGED, lambda text, words, limits: damage(text) > 0),
)
_OF_LONG_TEXTS: tuple[tuple[str, Rule], ...] = (
    (WORD_LENGTH, _wrong_word_length),
    (SYMBOLS, _many_symbols),
    (NUMBERS, _mostly_numbers),
    (LINES, _repeats_lines),
    (PHRASES, _repeats_phrases),
    (NO_SENTENCES, _no_running_text),
)
