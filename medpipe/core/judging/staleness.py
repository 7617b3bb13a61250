"""Stale answers: whether a model still says what a document said before it changed, by the year of the change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from medpipe.core.judging import denial, entailment, statistics
from medpipe.core.judging.asserting import asserts
from medpipe.core.judging.evaluation import Metric, Sample, Score
from medpipe.core.text import contains, normalise, words

_SAID = 0.5
"""Least share of the statements in question that an answer says."""
SLICE = "changed"
"""The slice of samples whose answer changed, before the year."""


class Earlier(NamedTuple):
    """The answer that a document gave before it changed."""

    answer: str
    slot: str
    """The words that decide it; "" for a long answer."""
    year: int
    """The year of the revision that changed it; 0 where the revision does not begin with a day."""


def revised(sample: Sample, earlier: Earlier) -> Sample:
    """Return a sample with the earlier answer; the same sample where the two answers cannot be told apart.

    The slot is left out if today's answer has its words, too: an answer is then compared by statements.
    """
    slot = earlier.slot if words(earlier.slot) and not contains(sample.target, earlier.slot) else ""
    changed = sample.model_copy(update={"stale": earlier.answer, "stale_slot": slot, "changed": earlier.year})
    same = normalise(earlier.answer) == normalise(sample.target)
    if same or not (sample.choices or slot or _gone(changed) or _new(changed)):
        return sample
    return changed.model_copy(update={"slices": (*sample.slices, f"{SLICE} {earlier.year or 'some year'}")})


def is_stale(sample: Sample, answer: str) -> bool:
    """Return whether an answer to a question that changed (`Sample.stale`) is the earlier one.

    With choices, the earlier label. With a slot, an answer that asserts it. Else an answer that says half of the
    statements that are gone from today's answer, and more of them than of the new ones; where none is gone, half of the
    earlier answer, and less than half of what is new.
    """
    if sample.choices:
        return answer == sample.stale
    if sample.stale_slot:
        return asserts(sample.stale_slot, answer, sample.stale, sample.question)
    new = _said(_new(sample), answer)
    if gone := _gone(sample):
        return _said(gone, answer) >= max(_SAID, new + 1e-9)
    return new < _SAID <= _said(denial.statements(sample.stale), answer)


def of_scores(benchmark: str, scores: Sequence[Score]) -> dict[str, Metric]:
    """Return the share of stale answers to questions whose answer changed, in all and by the year of the change."""
    asked = [score for score in scores if score.stale is not None]
    return {
        f"{benchmark} {name}": statistics.mean(
            f"{benchmark} {name}",
            [float(bool(asked[place].stale)) for place in places],
            [asked[place].cluster for place in places],
        )
        for name, places in by_year([score.changed for score in asked]).items()
    }


def by_year(years: Sequence[int]) -> dict[str, list[int]]:
    """Return the name of a figure → the places of its items: all of them, and those of each year of change.

    Items without a year (0) are among all of them only.
    """
    every = {"stale": [*range(len(years))]} if years else {}
    return every | {
        f"stale since {year}": [place for place, other in enumerate(years) if other == year]
        for year in sorted(set(years) - {0})
    }


def _gone(sample: Sample) -> list[str]:
    """Return the statements of the earlier answer that today's does not make."""
    return _only(sample.stale, sample.target)


def _new(sample: Sample) -> list[str]:
    return _only(sample.target, sample.stale)


def _only(text: str, other: str) -> list[str]:
    return [claim for claim in denial.statements(text) if entailment.verdict(other, claim) != "entailed"]


def _said(claims: Sequence[str], answer: str) -> float:
    """Return the share of some claims that an answer says; 0 for no claim."""
    return sum(entailment.verdict(answer, claim) == "entailed" for claim in claims) / max(1, len(claims))
