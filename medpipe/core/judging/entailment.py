"""Whether a text says a claim, speaks against it, or neither: by rules, and of texts of many claims.

The rules compare the claim with the sentence that is most about it: roots of words, denials, opposites, numbers with
their units, names of medicines, and words in each other's place. They do not understand sentences;
docs/instruments.md says how often they are right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple

from medpipe.core.endings import root, roots
from medpipe.core.judging import denial, opposites
from medpipe.core.judging.quantities import Quantity, quantities
from medpipe.core.text import contains, words

Verdict = Literal["entailed", "contradicted", "neutral"]
Judge = Callable[[Sequence[tuple[str, str]]], Sequence[Verdict]]
"""Gives a verdict on each pair of premise and claim."""

_SAID = 0.65
"""Least share of a claim's roots that the premise's sentence has, or two sentences in a row have, if it says it."""
_ALIKE = 0.6
"""Least ratio of two statements in which a word in the place of another shows that they say different things."""
_ABOUT = 0.5
"""Least share from which the sentence is about the same, and can contradict the claim."""


class Grade(NamedTuple):
    """What an answer says of its target, each a share in 0..1."""

    recall: float
    """Share of the target's statements that the answer says."""
    contradiction: float
    """Share of the answer's statements that the target contradicts."""


def verdict(premise: str, claim: str) -> Verdict:
    """Return what a premise of any length says of a claim of one sentence. A claim without content is neutral."""
    wanted = _content(claim)
    sentences = denial.statements(premise)
    if not wanted or not sentences:
        return "neutral"
    if contains(premise, claim):
        return "entailed"
    nearest = max(sentences, key=lambda sentence: _share(wanted, sentence))
    if _share(wanted, nearest) >= _ABOUT and _against(nearest, premise, claim):
        return "contradicted"
    pairs = [f"{one} {other}" for one, other in pairwise(sentences)]
    said = max(_share(wanted, text) for text in [*sentences, *pairs]) >= _SAID
    complete = quantities(claim) <= quantities(premise) and opposites.medicines(claim) <= opposites.medicines(premise)
    sound = complete and _same_sense(nearest, claim) and not _replaced(nearest, claim)
    return "entailed" if said and sound else "neutral"


def verdicts(pairs: Sequence[tuple[str, str]]) -> list[Verdict]:
    """Return the verdict of the rules on each pair of premise and claim."""
    return [verdict(premise, claim) for premise, claim in pairs]


def grade(answer: str, target: str, judge: Judge = verdicts) -> Grade:
    """Return what an answer says of its target. An empty answer says nothing, and an empty target is never said."""
    claims, said = denial.statements(target), denial.statements(answer)
    judged = list(judge([*((answer, claim) for claim in claims), *((target, statement) for statement in said)]))
    recalled, against = judged[: len(claims)], judged[len(claims) :]
    return Grade(
        recall=recalled.count("entailed") / len(claims) if claims else 0.0,
        contradiction=against.count("contradicted") / len(said) if said else 0.0,
    )


def _content(text: str) -> frozenset[str]:
    """Return the roots that say what a statement is about: without numbers and words that deny."""
    return frozenset(root for root in _roots(text) if not root.isdigit() and not denial.denies(root))


def _share(wanted: frozenset[str], text: str) -> float:
    return len(wanted & _roots(text)) / len(wanted)


@lru_cache(maxsize=4096)  # each statement of one text is compared with each of the other
def _roots(text: str) -> frozenset[str]:
    return roots(text)


def _same_sense(sentence: str, claim: str) -> bool:
    """Return whether each clause of a claim denies where the sentence does, in the clause that is most about it.

    An opposite word beside a denial denies neither.
    """
    stated = denial.clauses(sentence)
    for clause in denial.clauses(claim):
        if wanted := _content(clause):
            nearest = max(stated, key=lambda part: _share(wanted, part))
            about = nearest if _share(wanted, nearest) >= _ABOUT else sentence
            if (denial.denies(about) == denial.denies(clause)) is opposites.turned(clause, about):
                return False
    return True


def _against(sentence: str, premise: str, claim: str) -> bool:
    """Return whether a sentence about the same contradicts a claim. What the premise says elsewhere is no mistake."""
    new_numbers = quantities(claim) - quantities(premise)
    if any(_other_number(number, quantities(sentence) - quantities(claim)) for number in new_numbers):
        return True
    if opposites.medicines(claim) - opposites.medicines(premise) and opposites.medicines(
        sentence
    ) - opposites.medicines(claim):
        return True
    return not _same_sense(sentence, claim)


def _replaced(sentence: str, claim: str) -> bool:
    """Return whether a sentence is the claim but for a word in the place of another: "treated with rest"."""
    stated, said = ([root(word) for word in words(text)] for text in (sentence, claim))
    matcher = SequenceMatcher(None, stated, said, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return False
    new = _content(sentence) - set(said), _content(claim) - set(stated)
    return any(
        tag == "replace" and new[0] & set(stated[begin:end]) and new[1] & set(said[start:stop])
        for tag, begin, end, start, stop in matcher.get_opcodes()
    )


def _other_number(number: Quantity, stated: frozenset[Quantity]) -> bool:
    return any(number.unit == other.unit for other in stated)
