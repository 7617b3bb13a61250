"""The words that decide whether an answer is right."""

from __future__ import annotations

import re
from functools import lru_cache

from medpipe.core.teaching.passages import sentences
from medpipe.core.text import STOP_WORDS, STOP_WORDS_ELSEWHERE, normalise, words

_TERM = re.compile(r"[^\W_]+(?:[-'’.,][^\W_]+)*")
"""A word with its inner punctuation ("40,000", "beta-blocker"): a slot is cut out of the answer as it is written."""
_SHORT = 160
"""Characters. A longer answer says more than one thing, so no single word decides whether it is right."""

_DENIALS = frozenset({"no", "not", "never", "without", "ni", "nunca", "sans", "pas", "jamais"})


def slot(focus: str, answer: str, language: str = "en") -> str:
    """Return the words that decide whether a one-sentence answer is right: its last ones that the question lacks.

    "Velorin fever is treated with tazomib." → "tazomib". Empty for longer answers, and where the last words only
    repeat the question: such an answer is scored as a whole.
    """
    if len(answer) > _SHORT or len(sentences(answer)) != 1:
        return ""
    known = [word.casefold() for word in re.findall(r"[^\W_]+", focus)]
    terms = list(_TERM.finditer(answer))
    start = len(terms)
    while start and _decides(terms[start - 1].group(), known, language):
        start -= 1
    while len(terms) - start > 1 and terms[start].group().endswith("ing"):
        start += 1  # "by blocking tazomase": the drug's target decides, not the verb
    if not 0 < start < len(terms) or len(terms) - start > 3:  # a sentence of new words only has no deciding one
        return ""
    return answer[terms[start].start() : terms[-1].end()]


@lru_cache(maxsize=1024)  # one text is compared with every claim in force
def content(text: str) -> frozenset[str]:
    """Return the words of a text that are stop words in no language. Words that deny ("not", "never") count."""
    return frozenset(words(text)) - (STOP_WORDS | STOP_WORDS_ELSEWHERE) | frozenset(words(text)) & _DENIALS


def claim(focus: str, answer: str) -> str:
    """Return the words by which a claim is recognised in a text; "" where it is recognised by its whole wording.

    They are the slot, else the last word of a short answer that the question lacks. The last word of a long answer is
    an accident: a text without it may still say everything else.
    """
    if len(answer) > _SHORT or len(sentences(answer)) != 1:
        return ""
    known = set(normalise(focus).split()) | STOP_WORDS
    rest = [word for word in normalise(answer).split() if word not in known]
    return slot(focus, answer) or (rest[-1] if rest else "")


def decider(focus: str, answer: str, slot: str) -> str:
    """Return the words without which a text does not say what the answer says; "" for a long answer without a slot."""
    single = len(answer) <= _SHORT and len(sentences(answer)) == 1
    return slot or (claim(focus, answer) if single else "")


def says_what(condition: str, answer: str) -> bool:
    """Return whether an answer's first sentence has every word of a condition's name, by its first four letters.

    "The bladder is a hollow organ" does not say what bladder cancer is.
    """
    opening = next(iter(sentences(answer)), "")
    return _stems(condition) <= _stems(opening)


def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:4] for word in content(text) if len(word) > 2)


def _decides(word: str, known: list[str], language: str) -> bool:
    """Return whether a word is neither a stop word nor a form of a word of the question (the same first 4 letters)."""
    small = word.casefold()
    return small not in (STOP_WORDS if language == "en" else STOP_WORDS_ELSEWHERE) and not any(
        small == other or (len(small) > 3 and len(other) > 3 and small[:4] == other[:4]) for other in known
    )
