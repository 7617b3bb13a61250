"""Find a regular expression in a text in time that grows with the text's length.

Pure. A rule such as `stop.{0,30}my.{0,40}pills` takes `re` the product of its gaps for each beginning: for each place
of "my" it tries each place of "pills" again. A `Scanner` looks for the parts between the gaps one after the other and
tries each part at most once at each place (the idea of Thompson, "Regular expression search algorithm", CACM 1968). It
also knows with which letters a part can begin, and tries the words that do.

Where a part can end in several places, the next one may begin up to the gap's width behind the longest of them, and
anywhere behind the shortest. So a `Scanner` finds all that `re` finds; the other way round, it may only be wider where
two parts of one rule overlap.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from itertools import chain
from typing import Any, NamedTuple

_parser: Any = import_module("re._parser")
"""CPython's own parser of regular expressions. It has no stubs."""
_START = re.compile(r"(?<!\w)\w")
_GAP = re.compile(r"\.\{0,(\d+)\}")
_RUN = re.compile(r"(\S{64})(?=\S)")

Reach = Sequence[tuple[int, int]]
"""Where a part may begin: the first and the last place of each span, in order."""


def cut(text: str) -> str:
    r"""Return a text with a blank after each 64 characters of a longer run without one.

    No word of a rule is so long, and `\w+` in a rule would take the square of the run.
    """
    return _RUN.sub(r"\1 ", text)


class Places:
    """A text, and where its words begin, by first letter. Make one for each text, and try all scanners on it."""

    def __init__(self, text: str) -> None:
        self.text = text
        by_letter: dict[str, list[int]] = defaultdict(list)
        for match in _START.finditer(text):
            by_letter[_folded(match[0])].append(match.start())
        self._by_letter = dict(by_letter)

    def lack(self, letters: frozenset[str]) -> bool:
        """Return whether no word begins with one of these letters."""
        return letters.isdisjoint(self._by_letter)

    def of(self, letters: frozenset[str]) -> Iterable[int]:
        """Return the beginnings of the words with one of these first letters."""
        return chain.from_iterable(self._by_letter[letter] for letter in letters if letter in self._by_letter)


class _Part(NamedTuple):
    """A piece of a pattern between two gaps."""

    pattern: re.Pattern[str]
    letters: frozenset[str] | None
    """The first letters of a match, which begins where a word does; None: it can begin anywhere."""
    whole: bool
    """Whether a match ends where a word does, so that it has one end."""
    least: int
    """Characters of the shortest match."""


class Scanner:
    """A compiled regular expression that ignores case."""

    def __init__(self, source: str) -> None:
        """Compile. Raises re.error as `re.compile` does."""
        pieces = _pieces(source)
        self._parts, self._gaps = [_part(piece) for piece in pieces[::2]], [int(gap) for gap in pieces[1::2]]
        self._letters = tuple(part.letters for part in self._parts if part.letters is not None)

    def found(self, places: Places) -> bool:
        """Return whether the pattern is found in a text."""
        if any(map(places.lack, self._letters)):
            return False
        reach: Reach = [(0, len(places.text))]
        for part, gap in zip(self._parts, self._gaps, strict=False):
            reach = _joined(
                (match.end() if part.whole else match.start() + part.least, match.end() + gap)
                for match in _matches(part, places, reach)
            )
            if not reach:
                return False
        return next(_matches(self._parts[-1], places, reach), None) is not None


def _matches(part: _Part, places: Places, reach: Reach) -> Iterator[re.Match[str]]:
    """Yield a match of a part at each place within reach where there is one."""
    text, pattern = places.text, part.pattern
    if part.letters is not None:
        for start in places.of(part.letters):
            if _within(reach, start) and (match := pattern.match(text, start)):
                yield match
        return
    found = pattern.search(text)
    for first, last in reach:
        if found and found.start() < first:
            found = pattern.search(text, first)
        while found and found.start() <= last:
            yield found
            found = pattern.search(text, found.start() + 1)
        if found is None:
            return


def _within(reach: Reach, start: int) -> bool:
    place = bisect_left(reach, (start + 1,)) - 1
    return place >= 0 and start <= reach[place][1]


def _joined(spans: Iterable[tuple[int, int]]) -> Reach:
    """Return spans in order, with those that touch joined."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined


def _pieces(source: str) -> list[str]:
    """Return the parts of a pattern with the widths of the gaps between them; the pattern alone if it has a "|"."""
    depth, at, begun = 0, 0, 0
    pieces: list[str] = []
    while at < len(source):
        letter = source[at]
        if letter == "\\":
            at += 2
        elif letter == "[":
            at = source.index("]", at + 2) + 1
        elif not depth and letter == "|":
            return [source]
        elif not depth and (gap := _GAP.match(source, at)):
            pieces += [source[begun:at], gap[1]]
            at = begun = gap.end()
        else:
            depth += (letter == "(") - (letter == ")")
            at += 1
    return [*pieces, source[begun:]]


def _part(source: str) -> _Part:
    tree = _parser.parse(source, re.IGNORECASE)
    letters, empty = _first(list(tree))
    at_word = source.startswith((r"\b", r"(?<!\w)")) and not empty and all(map(_is_word, letters or ()))
    return _Part(
        re.compile(source, re.IGNORECASE), letters if at_word else None, source.endswith(r"\b"), tree.getwidth()[0]
    )


_Letters = tuple[frozenset[str] | None, bool]
"""The first letters of what a pattern matches (None: any), and whether it can match nothing."""


def _first(items: list[Any]) -> _Letters:
    letters: set[str] = set()
    for name, value in items:
        more, empty = _first_of(str(name), value)
        if more is None:
            return None, False
        letters |= more
        if not empty:
            return frozenset(letters), False
    return frozenset(letters), True


def _first_of(name: str, value: Any) -> _Letters:
    match name:
        case "LITERAL":
            return frozenset(_folded(chr(value))), False
        case "IN":
            return _of_class(value), False
        case "AT" | "ASSERT" | "ASSERT_NOT":
            return frozenset(), True
        case "SUBPATTERN":
            return _first(list(value[-1]))
        case "BRANCH":
            return _any_of([_first(list(branch)) for branch in value[1]])
        case "MAX_REPEAT" | "MIN_REPEAT":
            letters, empty = _first(list(value[2]))
            return letters, empty or value[0] == 0
    return None, False


def _any_of(branches: list[_Letters]) -> _Letters:
    if any(letters is None for letters, _ in branches):
        return None, False
    return frozenset(chain.from_iterable(letters or () for letters, _ in branches)), any(empty for _, empty in branches)


def _of_class(items: list[Any]) -> frozenset[str] | None:
    letters: set[str] = set()
    for name, value in items:
        match str(name), str(value):
            case "LITERAL", _:
                letters.add(_folded(chr(value)))
            case "RANGE", _:
                letters |= {_folded(chr(code)) for code in range(value[0], value[1] + 1)}
            case _:
                return None
    return frozenset(letters)


def _is_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"


@lru_cache(maxsize=4096)
def _folded(letter: str) -> str:
    """Return one letter for all that `re.IGNORECASE` takes for each other: "s", "S" and "ſ"."""
    return letter.upper().lower()[:1]
