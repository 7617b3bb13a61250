"""Whether a model says the same when the same fact is asked in other words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from medpipe.core.judging.evaluation import Sample
from medpipe.core.text import token_f1


def phrasings(samples: Iterable[Sample]) -> list[list[Sample]]:
    """Return the samples that ask for one fact in several phrasings, by fact; facts that are asked once are left out.

    Their ids differ in the number after the last hyphen (`core.teaching.samples`), and they have one right answer.
    """
    by_fact: dict[tuple[str, str], list[Sample]] = {}
    for sample in samples:
        by_fact.setdefault((sample.id.rpartition("-")[0], sample.target), []).append(sample)
    return [asked for asked in by_fact.values() if len(asked) > 1]


def agreement(answers: Sequence[str]) -> float:
    """Return the mean token F1 of every two of some answers, in 0..1. Two answers without words agree."""
    pairs = list(combinations(answers, 2))
    return sum(1.0 if one == other else token_f1(one, other) for one, other in pairs) / len(pairs)
