"""How texts are compared: their words, their folded forms, and the share of a range that a text always falls into.

A text has four forms, because each decides something else:

| form | drops | decides |
|---|---|---|
| `words`, `normalise` | case, spacing, punctuation, combining marks | whether two questions or answers are the same |
| `core.word_hashes.split` | case, spacing, punctuation | shared runs of words and near-duplicates |
| `folded` | case, spacing | identity and held-out side of preference pairs |
| `core.endings` | case, punctuation, endings of words | whether a text states a withdrawn claim |

`words` ends a word at a combining mark that NFKC cannot compose; `word_hashes.split` keeps the mark inside the word,
as scripts such as Devanagari need. Examples and clusters on record depend on either, so neither may change.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+")
_DAMAGE = re.compile("\ufffd|Ã[\u0080-\u00bf]|Â[\u00a0-\u00bf]|â€")
"""The replacement character, and UTF-8 that was read as Latin-1 or Windows-1252."""


STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
a an and are as at be been by can could did do does for from had has have he her his if in into is
it its may might more most mostly must no nor not of often on or our own same she should so some
such than that the their them then there these they this those through to too under usually very was
we were what when where which while who whom why will with without would you your main people person
patient patients
""",
    )
)
"""Stop words of English, with words that stand in any sentence about patients."""
STOP_WORDS_ELSEWHERE = frozenset(
    re.findall(
        r"\w+",
        """
a al ante bajo con contra de del desde el en entre es esta este la las lo los más o para pero por puede que se sin
sobre son su sus también un una y trata tratan causada causado previene diagnostica
à au aux avec ce ces cette chez dans des du elle elles en est et il ils le les leur ne ou par pas pour qui sa sans
ses son sont sur traite traitent un une
""",
    )
)
"""Stop words of Spanish and French, with the verbs that often come before the deciding word."""


def words(text: str) -> list[str]:
    """Return the words of a text in order, with case and compatibility forms folded (NFKC) and punctuation removed."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


@lru_cache(maxsize=1024)  # the same answer is normalised once for each phrasing of its question
def normalise(text: str) -> str:
    """Return the words of a text, joined by single spaces. Two questions with equal results are the same question."""
    return " ".join(words(text))


def one_line(text: str) -> str:
    """Return the text on one line: every run of white space becomes one space, none at the ends."""
    # Of all white space only the blank is printable. Looking at a text takes half as long as splitting it.
    return text.strip() if text.isprintable() and "  " not in text else " ".join(text.split())


def unaccented(text: str) -> str:
    """Return the text without accents and other combining marks, and with compatibility forms folded (NFKD)."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))


def in_lines(text: str) -> str:
    """Return the text with its lines: each as in `one_line`, and at most one blank line between two paragraphs."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(map(one_line, text.strip().splitlines())))


def folded(text: str) -> str:
    """Return the text in lower case on one line. Punctuation stays, unlike in `normalise`.

    A correction may differ from the answer in its punctuation alone ("0.5 mg" for "0,5 mg"), and the sides of the
    preference pairs on record were decided by this form.
    """
    return one_line(text.lower())


def stable_share(text: str, purpose: str = "") -> float:
    """Return a number in [0, 1) that depends on text and purpose alone, so that a growing corpus moves nothing.

    The number is the first 48 bits of a SHA-256. Different purposes give independent numbers for the same text.
    """
    name = f"{purpose} {text}" if purpose else text
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big") / 2**48


def contains(text: str, part: str) -> bool:
    """Return whether the words of `part` occur in `text` as one run of whole words; False for a part without words."""
    sought = words(part)
    return bool(sought) and f" {' '.join(sought)} " in f" {' '.join(words(text))} "


def token_f1(answer: str, target: str) -> float:
    """Return the harmonic mean of word precision and recall; a repeated word counts as often as it occurs.

    Source: Rajpurkar et al., SQuAD (arXiv:1606.05250).
    """
    answer_words, target_words = Counter(words(answer)), Counter(words(target))
    shared = (answer_words & target_words).total()
    return 2 * shared / (answer_words.total() + target_words.total()) if shared else 0.0


def damage(text: str) -> int:
    """Return how many characters of a text were lost or garbled by a wrong decoding."""
    return len(_DAMAGE.findall(text))
