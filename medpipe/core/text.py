"""Words of a text: the one rule by which two texts count as saying the same."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

_WORD = re.compile(r"[^\W_]+")
_DAMAGE = re.compile("\ufffd|Ã[\u0080-\u00bf]|Â[\u00a0-\u00bf]|â€")
"""The replacement character, and UTF-8 that was read as Latin-1 or Windows-1252."""


def words(text: str) -> list[str]:
    """Return the words of a text in order, with case and compatibility forms folded (NFKC) and punctuation removed."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def contains(text: str, part: str) -> bool:
    """Return whether the words of `part` occur in `text` as one run of whole words."""
    sought = words(part)
    return bool(sought) and f" {' '.join(sought)} " in f" {' '.join(words(text))} "


def token_f1(answer: str, target: str) -> float:
    """Return the harmonic mean of word precision and recall; a repeated word counts as often as it occurs.

    Source: Rajpurkar et al., SQuAD (arXiv:1606.05250).
    """
    given, wanted = Counter(words(answer)), Counter(words(target))
    shared = (given & wanted).total()
    return 2 * shared / (given.total() + wanted.total()) if shared else 0.0


def damage(text: str) -> int:
    """Return how many characters of a text were lost or garbled by a wrong decoding."""
    return len(_DAMAGE.findall(text))
