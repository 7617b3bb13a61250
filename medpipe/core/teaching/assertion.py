"""Whether a text asserts a claim, in whatever words: its deciding word stands in it, and it is about the same thing."""

from __future__ import annotations

from collections.abc import Collection

from medpipe.core.teaching import answers
from medpipe.core.teaching.claim import Claim
from medpipe.core.text import contains

SHARE = 0.6
"""The share of the words of a focus, or of an answer without a deciding word, that must occur."""


def asserts(claim: Claim, question: str, text: str) -> bool:
    """Return whether `text`, said in answer to `question`, asserts a claim.

    Question and text together must have most words of the claim's focus, in any inflection; the text must have the
    claim's deciding word or, where the claim has none, most words of its answer. Texts that deny the claim in the
    same words count as well: a preference pair or an answer loses nothing by not repeating them.
    """
    if _share(answers.content(claim.focus), answers.content(f"{question} {text}")) < SHARE:
        return False
    if word := answers.decider(claim.focus, claim.answer, claim.slot):
        return contains(text, word)
    return _share(answers.content(claim.answer), answers.content(text)) >= SHARE


def _share(sought: Collection[str], among: Collection[str]) -> float:
    """Return the share of words that occur, as such or with the same first four letters; 1 for no words."""
    starts = {word[:4] for word in among if len(word) > 3}
    present = sum(word in among or (len(word) > 3 and word[:4] in starts) for word in sought)
    return present / len(sought) if sought else 1.0
