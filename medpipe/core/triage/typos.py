"""Typing errors that a person reads over: one letter swapped, dropped or doubled inside a longer word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

_WORD = re.compile(r"[^\W\d_]{5,}")
"""Words whose errors can be read over; numbers are never touched."""
_EACH = 8
"""One of so many longer words has an error, and at least one."""


def mistyped(text: str, seed: str, keep: Sequence[tuple[int, int]] = ()) -> str:
    """Return the text with errors that depend on the text and the seed alone.

    `keep`: parts of the text, as (start, end), that stay as they are. A text without a longer word outside them is
    returned unchanged.
    """
    chance = Random(seed)
    free = [
        word for word in _WORD.finditer(text) if all(word.end() <= start or end <= word.start() for start, end in keep)
    ]
    chosen = sorted(chance.sample(range(len(free)), min(len(free), max(1, len(free) // _EACH))), reverse=True)
    for number in chosen:
        word = free[number]
        text = f"{text[: word.start()]}{_wrong(word[0], chance)}{text[word.end() :]}"
    return text


def misspellings(word: str) -> list[str]:
    """Return each spelling of a word with one letter swapped, dropped or doubled; first and last letter stay."""
    wrong = (spelling for place in range(1, len(word) - 2) for spelling in _misspelt(word, place))
    return list(dict.fromkeys(wrong))


def _wrong(word: str, chance: Random) -> str:
    """Return another spelling of a word; its first and its last letter stay."""
    return chance.choice(_misspelt(word, chance.randrange(1, len(word) - 2)))


def _misspelt(word: str, place: int) -> list[str]:
    """Return the word with the letter at a place swapped with the next, dropped, and doubled."""
    swapped = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    dropped = word[:place] + word[place + 1 :]
    doubled = word[:place] + word[place] + word[place:]
    return [other for other in (swapped, dropped, doubled) if other != word]
