"""Rules that tell whether a text is too poor to be taught, each simple enough to check by hand.

The rules are those of Gopher (Rae et al. 2021, arXiv:2112.11446, section A.1.1) and C4 (Raffel et al. 2020,
arXiv:1910.10683, section 2.2), adapted to medical answers, which are shorter, have longer words, and may consist of
lists and numbers. Rules over shares apply only to texts with enough words (`Limits.enough_words`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
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
    """The limits beyond which a text is flawed. Shares are of characters, where they do not say words or lines."""

    fewest_words: int = 1
    most_words: int = 5000
    """Gopher: 50 to 100,000. An answer may be one word."""
    word_length: tuple[float, float] = (3.0, 12.0)
    """Gopher: 3 to 10 characters on average; medical words are longer."""
    symbols: float = 0.1
    """Gopher: a tenth as many symbols as words. Here a share of all characters except spaces."""
    words_with_letters: float = 0.6
    """Gopher: 0.8 of the words. Here fewer, since doses and laboratory values are answers too."""
    repeated_lines: float = 0.3
    """Gopher: share of the lines that occurred before."""
    top_phrase: float = 0.2
    """Gopher: share of the commonest run of two words; here of four, since terms of two words do recur."""
    repeated_phrases: float = 0.3
    """Gopher: share of runs of ten words that occurred before, 0.1; here more, since answers are short."""
    enough_words: int = 40
    """Rules over shares do not apply to texts with fewer words."""


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
"""Gopher requires two of eight English words; these are English, French and Spanish."""


def flaws(text: str, limits: Limits = STANDARD) -> tuple[str, ...]:
    """Return the names of the rules that the text breaks, in their order above; empty for a good text."""
    words = text.split()
    broken = [name for name, breaks in _ALWAYS if breaks(text, words, limits)]
    if len(words) >= limits.enough_words:
        broken += [name for name, breaks in _OF_LONG_TEXTS if breaks(text, words, limits)]
    return tuple(broken)


Rule = Callable[[str, Sequence[str], Limits], bool]
"""Whether a text with these words breaks the rule."""


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
    phrase, times = Counter(_runs(words, 4)).most_common(1)[0]
    if times > 2 and times * sum(map(len, phrase)) > limits.top_phrase * size:
        return True
    earlier: set[tuple[str, ...]] = set()
    repeated: set[int] = set()
    for start, run in enumerate(_runs(words, 10)):
        if run in earlier:
            repeated |= set(range(start, start + 10))
        earlier.add(run)
    return sum(len(words[index]) for index in repeated) > limits.repeated_phrases * size


def _runs(words: Sequence[str], length: int) -> Iterator[tuple[str, ...]]:
    """Return every run of `length` words."""
    return zip(*(words[start:] for start in range(length)), strict=False)


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
