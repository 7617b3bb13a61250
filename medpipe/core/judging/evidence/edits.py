"""Edits of a passage: sentences without a value, another value in its place, findings turned into their opposite.

Every edit returns "" where it cannot be made, or where nothing would be left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from medpipe.core.endings import roots
from medpipe.core.judging import denial, entailment
from medpipe.core.text import contains, words

_RESULTS = frozenset({"results", "result", "findings", "finding", "résultats", "resultados"})
_LABEL = re.compile(r"\A([A-ZÀ-Ý][A-ZÀ-Ý ,/&'()-]{2,}):\s*")
"""The heading before a paragraph of a structured abstract."""
_ABOUT = 1 / 3
"""Least share of a question's roots that a sentence has, if it decides in a passage without headings."""

_RELATION = re.compile(
    r"\b(?:affect|impact|influenc|differ|associat|relat|correlat|predict|effects?\b|determin|role\b|caus)",
    re.IGNORECASE,
)
"""A question whether there is a relation, of whichever direction."""
_SWAPS = """
increase decrease, increases decreases, increased decreased, increasing decreasing, higher lower, highest lowest,
greater smaller, more less, better worse, improve worsen, improves worsens, improved worsened,
improvement worsening, effective ineffective, safe unsafe, longer shorter, positive negative, successful unsuccessful,
feasible unfeasible, beneficial harmful, similar different, equal unequal, reliable unreliable, accurate inaccurate
"""
_OTHER: Mapping[str, str] = {
    word: other
    for pair in _SWAPS.replace("\n", " ").split(",")
    for one, two in [pair.split()]
    for word, other in ((one, two), (two, one))
}
_SWAPPED = re.compile(rf"\b(?:{'|'.join(_OTHER)})\b", re.IGNORECASE)
_NOUN = (
    r"(?:\w+ )?(?:differences?|associations?|correlations?|effects?|evidence|increase|decrease|change|relationship)\b"
)
_DENYING = (
    (re.compile(r"\b(is|are|was|were|did|do|does|has|have|had|can|could|will|may|should) not\b"), r"\1"),
    (re.compile(r"\bcannot\b"), "can"),
    (re.compile(rf"\bno (?={_NOUN})"), "some "),
    (re.compile(rf"\bNo (?={_NOUN})"), "Some "),
    (re.compile(r"\bnot (?=significant)"), ""),
)
"""A denial, and what stands in its place where it is taken away."""
_ASSERTING = re.compile(
    r"\b(is|are|was|were|has|have|had|can|could|will|may|should|did|does)\b(?! (?:not\b|no\b|on\b|\d))"
)


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


def opposite(sentences: Sequence[str], places: Sequence[int], question: str, label: str) -> str:
    """Return a passage in which the sentences at `places` that are about the question say the opposite.

    A sentence that cannot be turned is left out; "" where that is the one with most of the question's words. `label`:
    what the passage answers, "yes" or "no".
    """
    asked, directed = roots(question), not _RELATION.search(question)
    shared = {place: len(asked & roots(sentences[place])) for place in places}
    edited = {place: turned(sentences[place], label, directed) for place, number in shared.items() if number}
    if not edited or not edited[max(edited, key=shared.__getitem__)]:
        return ""
    texts = (edited.get(place, sentence) for place, sentence in enumerate(sentences))
    return " ".join(text for text in texts if text)


def turned(sentence: str, label: str, directed: bool = True) -> str:
    """Return an English sentence that contradicts one which answers a question by yes or no; "" where none is found.

    What answers "no" loses its denial; what answers "yes" and denies nothing gets one. `directed`: the question asks
    for a direction, so a word with an opposite ("higher") may be replaced by that instead. Whether the result
    contradicts the sentence is for the rules of `entailment` to say.
    """
    heading = _LABEL.match(sentence)
    text = sentence[heading.end() :] if heading else sentence
    swapped = [_swapped] if directed else []
    ways = [_asserted, *swapped] if label == "no" else [] if denial.denies(text) else [*swapped, _denied]
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


def _asserted(text: str) -> str:
    """Return a text without its first denial."""
    for pattern, instead in _DENYING:
        if pattern.search(text):
            return " ".join(pattern.sub(instead, text, count=1).split())
    return text


def _swapped(text: str) -> str:
    return _SWAPPED.sub(lambda found: _cased(_OTHER[found[0].lower()], found[0]), text, count=1)


def _denied(text: str) -> str:
    return _ASSERTING.sub(lambda found: f"{found[0]} not", text, count=1)


def _cased(word: str, like: str) -> str:
    return word.capitalize() if like[:1].isupper() else word
