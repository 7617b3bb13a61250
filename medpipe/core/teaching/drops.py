"""What was left out while examples are built, counted by reason.

Every filter returns what it kept together with a count of what it dropped; the caller adds the counts up. No
filter writes into a counter of its caller.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from typing import NamedTuple, TypeVar

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

Drops = Counter[str]
"""Reason → how many documents, sections, facts, examples or pairs were left out for it."""

Contamination = Counter[tuple[str, str]]
"""(benchmark, how a fact or refusal repeats it) → how many do. One fact may repeat several benchmarks."""


class LeftOut(NamedTuple):
    """Everything that building a set of examples left out or replaced."""

    facts: Drops
    """Facts only: with the facts that are on a side of the split they add up to the facts that were found."""
    others: Drops
    """Documents, sections, refusals and examples."""
    identifiers: Counter[str]
    """Type of identifier → how many were replaced by a placeholder."""
    contamination: Contamination
    questions: int = 0
    """Questions that documents answer differently, so that an answer is among `facts` (`core.teaching.one_answer`)."""

    def plus(
        self, facts: Drops | None = None, others: Drops | None = None, contamination: Contamination | None = None
    ) -> LeftOut:
        """Return the sum of these counts and those of a later stage."""
        return self._replace(
            facts=total(self.facts, facts or Drops()),
            others=total(self.others, others or Drops()),
            contamination=total(self.contamination, contamination or Contamination()),
        )

    @property
    def drops(self) -> Drops:
        """Everything that was left out, by reason."""
        return total(self.others, self.facts)


def sift(items: Iterable[T], objection: Callable[[T], str]) -> tuple[list[T], Drops]:
    """Return the items without an objection in their order, and how many of the others there were by objection.

    `objection` returns the reason to leave an item out, or "" to keep it.
    """
    kept, dropped = list[T](), Drops()
    for item in items:
        if reason := objection(item):
            dropped[reason] += 1
        else:
            kept.append(item)
    return kept, dropped


def total(*counts: Counter[K]) -> Counter[K]:
    """Return the sum of counters. Unlike `+`, it keeps reasons that occurred 0 times."""
    result = Counter[K]()
    for count in counts:
        result.update(count)
    return result
