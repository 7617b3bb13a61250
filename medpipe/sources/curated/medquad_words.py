"""Marks between and within words that MedQuAD lost: dashes, line breaks, the blanks beside links, and apostrophes.

The set was written without any character beyond ASCII, so "the third percentile—meaning 97 percent" became "the third
percentilemeaning 97 percent", and "the body's cells" became "the bodys cells". What such a word was is told by the
other texts of the set. A word of an English word list is never changed, nor is one that the set uses again and again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from spellchecker import SpellChecker

from medpipe.core.text import STOP_WORDS

_TOKEN = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]")
_ADDRESS = re.compile(r"\S*(?://|\bwww\.|@)\S*|\S+\.(?:gov|org|com|edu|net)\b\S*")
_NAME = re.compile(r"[A-Z]+[a-z]?$|[A-Z][a-z]+[A-Z]")
"""An abbreviation or a trade name. So is a word with a capital that begins no sentence."""
_ENDING = re.compile(r"(?:s|t|re|ll|ve)$")
_CONTRACTED = {"cant": 3, "wont": 3}
"""Contractions that are words without their apostrophes as well, though hardly in medicine."""

_RARE = 5
"""Texts. What stands in more of them, or twice in one, is a word."""
_WORD = 3
"""Texts, or times beside a neighbour. Less often may be an accident."""
_USUAL, _COMMON = 10, 30
"""Times that two words stand beside each other: a usual pair, and one that only stop words make."""
_ARTICLES = frozenset({"a", "an", "the"})
"""What an explanation behind a dash begins with, and what seldom stands right behind another word: "anemia a"."""
_SHORT, _LONG = 3, 6
"""Letters. Fewer than the first may be an ending ("lamin|in"); fewer than the second a prefix ("trans|arterial")."""
_PREFIXES = frozenset(
    "after extra fore hyper hypo inter intra micro mid mini multi non out over per post pre semi sub super trans ultra "
    "under".split()
)
"""What begins words of medicine that no list has, though it may be a word itself: "overactivation"."""


class Words:
    """The words of a set of texts: in how many texts each is, and how often two stand beside each other."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Count the words of all texts."""
        self._texts, self._pairs = Counter[str](), Counter[tuple[str, str]]()
        repeated = set[str]()
        for text in texts:
            words = [token.casefold() for token in _TOKEN.findall(text)]
            times = Counter(words)
            self._texts.update(times.keys())
            self._pairs.update(pairwise(words))
            repeated.update(word for word, number in times.items() if number > 1)
        unknown = [word for word in self._texts if word.isascii() and word.isalpha() and word not in _english()]
        self._apostrophes = _CONTRACTED | {word: place for word in unknown if (place := self._apostrophe(word))}
        self._seams = {
            word: seams
            for word in unknown
            if self._texts[word] <= _RARE and word not in repeated and (seams := self._splits(word))
        }

    def mended(self, text: str) -> str:
        """Return a text with lost apostrophes, and with words parted that were run together.

        They are parted by a blank where the set has the two beside each other, else by a dash. A word stays as it is
        where it is not plain that, and where, it was run together.
        """
        tokens = list(_TOKEN.finditer(text))
        small = [token.group().casefold() for token in tokens]
        places = [place for place, word in enumerate(small) if word in self._seams or word in self._apostrophes]
        addresses = [match.span() for match in _ADDRESS.finditer(text)] if places else []
        said, done = list[str](), 0
        for place in places:
            start, word = tokens[place].start(), tokens[place].group()
            if any(first <= start < last for first, last in addresses):
                continue
            before, after = small[place - 1] if place else ".", small[place + 1] if place + 1 < len(small) else "."
            said += [text[done:start], self._whole(word, before, after)]
            done = start + len(word)
        return "".join([*said, text[done:]])

    def _whole(self, word: str, before: str, after: str) -> str:
        small = word.casefold()
        if cut := self._apostrophes.get(small):
            name = word.isupper() or (small in _CONTRACTED and word != small)
            return word if name else f"{word[:cut]}'{word[cut:]}"
        if _NAME.match(word) or (word.istitle() and _is_word(before)):
            return word
        cuts = [cut for cut in self._seams[small] if self._plain(before, small[:cut], small[cut:], after)]
        if len(cuts) != 1:
            return word
        first, second = word[: cuts[0]], word[cuts[0] :]
        least = _USUAL if second.casefold() in _ARTICLES else 1
        together = self._pairs[first.casefold(), second.casefold()] >= least
        return f"{first} {second}" if together else f"{first} – {second}"

    def _apostrophe(self, word: str) -> int:
        """Return where the set elsewhere writes an apostrophe in a word; 0 where it does not."""
        place = ending.start() if (ending := _ENDING.search(word)) else 0
        return place if self._texts[f"{word[:place]}'{word[place:]}"] >= _WORD else 0

    def _splits(self, word: str) -> Sequence[int]:
        """Return the places at which both parts of a word are words. "like" makes words of others: "scarlike"."""
        places = range(2, len(word))
        return [place for place in places if word[place:] != "like" and all(map(self._known, _parts(word, place)))]

    def _known(self, part: str) -> bool:
        return self._texts[part] >= _WORD and (len(part) > 1 or part == "a")

    def _plain(self, before: str, first: str, second: str, after: str) -> bool:
        """Return whether the words around say that these were two: the set has them beside each other."""
        together, ahead, behind = self._pairs[first, second], self._pairs[before, first], self._pairs[second, after]
        led, followed = ahead if _is_word(before) else 0, behind if _is_word(after) else 0
        if not together and (len(first) < _SHORT or first in STOP_WORDS | _PREFIXES):
            return False
        article = second in _ARTICLES and after.isalpha() and followed >= _COMMON
        if not together and len(second) < _SHORT and led < _WORD and not article:
            return False
        return (
            (led > 0 and followed > 0)
            or (together >= _USUAL and (led > 0 or followed > 0))
            or (second in STOP_WORDS and followed >= _COMMON)
            or (first in STOP_WORDS and led >= _COMMON)
            or (before in "-.:" and ahead > 0 and followed >= _WORD and len(first) >= _LONG)
        )


@lru_cache
def _english() -> SpellChecker:
    return SpellChecker(language="en", distance=1)


def _parts(word: str, place: int) -> tuple[str, str]:
    return word[:place], word[place:]


def _is_word(token: str) -> bool:
    return token[0].isalnum()
