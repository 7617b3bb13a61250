"""Published measures of how much an answer's words overlap with those of its target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

BleuCounts = tuple[int, ...]
"""What BLEU adds up over a corpus: matching n-grams of 1 to 4 words, n-grams of the answer, and the two lengths."""


class Overlap(NamedTuple):
    """One answer against its target."""

    rouge1: float
    """F1 of words, in 0..1; likewise the other two."""
    rouge2: float
    """F1 of pairs of words."""
    rouge_l: float
    """F1 of the longest common subsequence."""
    chrf: float
    """F2 of character n-grams, in 0..1."""
    bleu: BleuCounts


class Overlaps(Protocol):
    """Computes ROUGE, chrF and BLEU by the implementations that publications cite."""

    def of(self, answers: Sequence[str], targets: Sequence[str]) -> list[Overlap]:
        """Return what each answer shares with its target, in order."""

    def bleu(self, counts: Sequence[float]) -> float:
        """Return the BLEU in 0..1 of a corpus whose `BleuCounts` add up to `counts`."""
