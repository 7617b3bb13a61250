"""Texts over invented words, as varied as one likes, for measuring only."""

from __future__ import annotations

import re
import resource
from pathlib import Path
from typing import Any

import numpy as np

WORDS = 30_000


def vocabulary(chance: np.random.Generator) -> Any:
    """Different words of 2 to 10 letters, the short ones first."""
    letters = np.array(list("etaoinshrdlucm"))
    made = {"".join(chance.choice(letters, chance.integers(2, 11))) for _ in range(WORDS)}
    return np.array(sorted(made, key=lambda word: (len(word), word)))


def text(chance: np.random.Generator, known: Any, length: tuple[int, int]) -> list[str]:
    """Words in number between the two lengths, some far more often than others (Zipf's law)."""
    often = np.cumsum(1 / np.arange(1, len(known) + 1))
    return list(known[np.searchsorted(often / often[-1], chance.random(chance.integers(*length)))])


def from_template(chance: np.random.Generator, known: Any) -> list[str]:
    """Always the same sentences about something rare, as many published answers are."""
    focus = " ".join(chance.choice(known[-5000:], 3))
    return (
        f"The symptoms of {focus} depend on its cause and on how long a person has had {focus} before "
        f"treatment begins Ask a doctor about {focus} if they last longer than a few days or get worse"
    ).split()


def changed(chance: np.random.Generator, known: Any, words: list[str], similarity: float) -> list[str]:
    """A copy with so many words replaced: each spoils up to three of the three-word shingles of both texts."""
    number = max(1, round((len(words) - 2) * (1 - similarity) / (1 + similarity) / 3))
    replaced = set(chance.choice(len(words), number, replace=False).tolist())
    return [str(chance.choice(known)) if place in replaced else word for place, word in enumerate(words)]


def peak_mb() -> int:
    """The most memory that this program took: `getrusage` would count what its parent had before it began."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))
    return int(peak) // 1024
