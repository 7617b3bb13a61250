"""Edits of a passage: sentences without a value, another value in its place, findings turned into their opposite.

Every edit returns "" where it cannot be made, or where nothing would be left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from medpipe.core.endings import roots
from medpipe.core.judging import denial, entailment
from medpipe.core.judging.evidence import turning
from medpipe.core.text import contains, words

_RESULTS = frozenset({"results", "result", "findings", "finding", "résultats", "resultados"})
_LABEL = re.compile(r"\A([A-ZÀ-Ý][A-ZÀ-Ý ,/&'()-]{2,}):\s*")
"""The heading before a paragraph of a structured abstract."""
_ABOUT = 1 / 3
"""Least share of a question's roots that a sentence has, if it decides in a passage without headings."""


def without(sentences: Sequence[str], value: str) -> str:
    """Return a passage without the sentences that have a value."""
    return " ".join(sentence for sentence in sentences if not has(sentence, value))


def substituted(sentences: Sequence[str], value: str, other: str) -> str:
    """Return a passage with another value wherever it has `value`, in whatever case."""
    text, number = _whole(value).subn(lambda _: other, " ".join(sentences))
    return text if number and not has(text, value) else ""


def reordered(sentences: Sequence[str]) -> str:
    """Return a passage with its first paragraph of a structured abstract, or else its first sentence, at the end."""
    if len(sentences) < 2:
        return ""
    labels = [place for place, sentence in enumerate(sentences) if place and _LABEL.match(sentence)]
    first = labels[0] if labels and _LABEL.match(sentences[0]) else 1
    return " ".join((*sentences[first:], *sentences[:first]))


def deciding(sentences: Sequence[str], question: str) -> list[int]:
    """Return the places of the sentences that decide a question of yes or no.

    They are the results of a structured abstract. Where a passage has no such headings, they are the sentences with a
    third or more of the question's words.
    """
    headings = list(_headings(sentences))
    if any(headings):
        return [place for place, heading in enumerate(headings) if _RESULTS & set(words(heading))]
    asked = roots(question)
    return [place for place, one in enumerate(sentences) if asked and len(asked & roots(one)) >= _ABOUT * len(asked)]


def opposite(sentences: Sequence[str], places: Sequence[int], question: str, label: str, language: str = "en") -> str:
    """Return a passage in which the sentences at `places` that are about the question say the opposite.

    A sentence that cannot be turned is left out; "" where that is the one with most of the question's words. `label`:
    what the passage answers, "yes" or "no".
    """
    asked, directed = roots(question), turning.directed(question, language)
    shared = {place: len(asked & roots(sentences[place])) for place in places}
    edited = {place: turned(sentences[place], label, directed, language) for place, number in shared.items() if number}
    if not edited or not edited[max(edited, key=shared.__getitem__)]:
        return ""
    texts = (edited.get(place, sentence) for place, sentence in enumerate(sentences))
    return " ".join(text for text in texts if text)


def turned(sentence: str, label: str, directed: bool = True, language: str = "en") -> str:
    """Return a sentence that contradicts one which answers a question by yes or no; "" where none is found.

    What answers "no" loses its denial; what answers "yes" and denies nothing gets one. `directed`: the question asks
    for a direction, so a word with an opposite ("higher") may be replaced by that instead. Whether the result
    contradicts the sentence is for the rules of `entailment` to say. A language without rules has no such sentence.
    """
    rules = turning.RULES.get(language)
    if rules is None:
        return ""
    heading = _LABEL.match(sentence)
    text = sentence[heading.end() :] if heading else sentence
    swapped = [rules.swapped] if directed else []
    ways = [rules.asserted, *swapped] if label == "no" else [] if denial.denies(text) else [*swapped, rules.denied]
    for way in ways:
        claim = way(text)
        if claim != text and entailment.verdict(text, claim) == "contradicted":
            return f"{heading[0]}{claim}" if heading else claim
    return ""


def has(text: str, value: str) -> bool:
    """Return whether a text has the words of a value; a number only as a whole: "40" is not in "3.40"."""
    return contains(text, value) if any(map(str.isalpha, value)) else bool(_whole(value).search(text))


def says(part: str, text: str) -> bool:
    """Return whether a statement of a text has some words and does not deny them."""
    return any(has(statement, part) and not denial.denied(statement, part) for statement in denial.statements(text))


@lru_cache(maxsize=256)
def _whole(value: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?<!\d[.,]){re.escape(value)}(?!\w|[.,]\d)", re.IGNORECASE)


def _headings(sentences: Sequence[str]) -> Iterator[str]:
    """Yield the heading that each sentence stands under; "" for none."""
    heading = ""
    for sentence in sentences:
        label = _LABEL.match(sentence)
        heading = label[1] if label else heading
        yield heading
