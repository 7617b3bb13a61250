"""Whether an answer asserts the words that must be known: it says them, and neither denies, doubts nor lists them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from medpipe.core.endings import roots
from medpipe.core.judging import denial, opposites
from medpipe.core.text import STOP_WORDS, STOP_WORDS_ELSEWHERE, contains, normalise, words

_LABELS = {"yes": "yes", "oui": "yes", "sí": "yes", "si": "yes", "no": "no", "non": "no", "maybe": "maybe"}
"""The answers to a question of yes or no, in three languages."""
_MAYBE = re.compile(r"\b(?:perhaps|peut-être|quizás?|tal vez)\b", re.IGNORECASE)
_OTHERWISE_USED = frozenset({"no", "non", "si"})
"""Labels that are other words, too ("no evidence"): only their place tells."""
_ALONE = re.compile(r"(?:^|[^\w\s'-])\s*(\w+)\s*(?=[^\w\s'-]|$)")
"""A word alone between marks."""


def asserts(part: str, answer: str, target: str, question: str = "") -> bool:
    """Return whether an answer says that `part` is so, as the right answer (`target`) does.

    Every statement of the answer that has the words must assert them, so that nothing is gained by saying both. A
    denial counts as an assertion where the right answer denies, and doubt does where it doubts. For a label (yes, no,
    maybe), the answer must give this label and no other.
    """
    if label := label_in_english(part):
        return _labels(answer) == {label}
    said = [text for text in denial.statements(answer) if not (text.endswith("?") and contains(question, text))]
    having = [text for text in said if contains(text, part)]
    right = [text for text in denial.statements(target) if contains(text, part)]
    known = roots(target) | roots(question) | roots(part)
    denies = any(denial.denied(text, part) for text in right)
    doubts = any(map(denial.doubted, right))
    if not having or (denial.unsure(answer) and not denial.unsure(target)):
        return False
    if _other_medicine(part, said, f"{target} {question}"):
        return False
    bare = normalise(target) == normalise(part)
    if _rival(having, said, part, known) or (bare and any(_beside(text, known) for text in having)):
        return False
    return all(
        denial.denied(text, part) is denies
        and (doubts or not denial.doubted(text))
        and not denial.listed(text, part, known)
        for text in having
    )


def label_in_english(text: str) -> str:
    """Return yes, no or maybe for a text that is one of them in one of three languages; "" for any other text."""
    return _LABELS.get(normalise(_MAYBE.sub("maybe", text)), "")


def _labels(answer: str) -> set[str]:
    """Return the labels that an answer gives."""
    given: set[str] = set()
    for statement in denial.statements(_MAYBE.sub("maybe", answer)):
        said, alone = words(statement), set(words(" ".join(_ALONE.findall(statement))))
        labels = [_LABELS.get(word, "") for word in said]
        for place, word in enumerate(said):
            others = labels[max(0, place - 2) : place] + labels[place + 1 : place + 3]
            placed = word in alone or place in (0, len(said) - 1) or any(others)
            if labels[place] and (placed or word not in _OTHERWISE_USED):
                given.add("denied" if labels[place] == "yes" and denial.denied(statement, word) else labels[place])
    return given


def _other_medicine(part: str, said: Sequence[str], known: str) -> bool:
    """Return whether an answer names a medicine beside the one that must be known, and does not deny it."""
    if not opposites.medicines(part):
        return False
    others = opposites.medicines(" ".join(said)) - opposites.medicines(known)
    named = [(text, word) for text in said for word in words(text) if opposites.medicines(word) & others]
    return any(not denial.denied(text, word) for text, word in named)


def _beside(statement: str, known: frozenset[str]) -> bool:
    """Return whether a statement only puts words beside each other: "immediate medium delayed"."""
    said = words(statement)
    return bool(roots(statement) - known) and not any(word in STOP_WORDS | STOP_WORDS_ELSEWHERE for word in said)


def _rival(having: Sequence[str], said: Sequence[str], part: str, known: frozenset[str]) -> bool:
    """Return whether another statement puts something else into the place of the words: "It is X. It is Y."."""
    others = [words(text) for text in said if text not in having and roots(text) - known]
    for text in having:
        frame = normalise(text).partition(normalise(part))[0].split()
        bare = len(words(text)) <= len(words(part)) + 1
        if any(
            (len(frame) > 1 and other[: len(frame)] == frame) or (bare and len(other) <= len(words(part)))
            for other in others
        ):
            return True
    return False
