"""Whether a model says the same when one fact is asked in several languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from medpipe.core.judging import statistics
from medpipe.core.judging.asserting import label_in_english
from medpipe.core.judging.evaluation import Metric, Sample, Score
from medpipe.core.text import normalise

_MOST = 0.5
"""The mean score of the wordings in one language above which a model is right in it."""


class Told(NamedTuple):
    """What a sample asks, whatever its language."""

    fact: str
    language: str


class Agreement(NamedTuple):
    """What the answers to one fact in several languages show."""

    agrees: bool
    """Labels: every language got the same one. Other answers: they are right in every language."""
    right: int
    """Number of languages in which they are right."""
    languages: int
    cluster: str


def told(samples: Iterable[Sample]) -> dict[str, Told]:
    """Return sample id → what it asks, for samples about documents that ask what another language asks as well.

    One fact is what documents that are counterparts, or one document in several languages, say of one question type. A
    type that they have several facts of in one language is left out, since nothing says which is which.
    """
    by_fact: dict[str, dict[str, list[Sample]]] = {}
    roots = _Roots()
    asked = [sample for sample in samples if "#" in sample.id and not sample.condition]
    for sample in asked:
        if sample.counterpart:
            roots.join(_document(sample), sample.counterpart)
    for sample in asked:
        kind, language = _part(sample, "type"), _part(sample, "language")
        if kind and language:
            fact = f"{roots.of(_document(sample))} {kind}"
            by_fact.setdefault(fact, {}).setdefault(language, []).append(sample)
    return {
        sample.id: Told(fact, language)
        for fact, by_language in by_fact.items()
        if len(by_language) > 1 and all(len(set(map(_fact, group))) == 1 for group in by_language.values())
        for language, group in by_language.items()
        for sample in group
    }


def agreements(scores: Iterable[Score]) -> dict[str, Agreement]:
    """Return fact → what the answers to it show, for facts that were asked in several languages.

    Wordings in one language count together: the model is right in it if they earn more than half. A case of triage is
    a fact under each of its conditions.
    """
    by_fact: dict[str, dict[str, list[Score]]] = {}
    for score in scores:
        if fact := score.fact or (f"{score.cluster} {score.condition}" if score.target and score.condition else ""):
            by_fact.setdefault(fact, {}).setdefault(score.language, []).append(score)
    return {
        fact: _agreement(by_language)
        for fact, by_language in by_fact.items()
        if len(by_language) > 1 and "" not in by_language
    }


def of_scores(benchmark: str, scores: Sequence[Score]) -> dict[str, Metric]:
    """Return the share of facts whose answers agree in every language, and of those right in some languages only."""
    found = agreements(scores).values()
    clusters = [one.cluster for one in found]
    shares = {
        f"{benchmark} agrees in every language": [float(one.agrees) for one in found],
        f"{benchmark} right in some languages only": [float(0 < one.right < one.languages) for one in found],
    }
    return {name: statistics.mean(name, values, clusters) for name, values in shares.items() if values}


def _agreement(by_language: Mapping[str, Sequence[Score]]) -> Agreement:
    right = sum(sum(score.value for score in wordings) / len(wordings) > _MOST for wordings in by_language.values())
    given = [score for wordings in by_language.values() for score in wordings]
    same = len({_label(score) for score in given}) == 1
    labels = all(score.target for score in given)
    return Agreement(
        agrees=same if labels else right == len(by_language),
        right=right,
        languages=len(by_language),
        cluster=by_language[min(by_language)][0].cluster,
    )


def _label(score: Score) -> str:
    return label_in_english(score.answer) or normalise(score.answer)


def _document(sample: Sample) -> str:
    return sample.id.rpartition("#")[0]


def _fact(sample: Sample) -> str:
    return sample.id.rpartition("-")[0]


def _part(sample: Sample, name: str) -> str:
    return next((one.removeprefix(f"{name} ") for one in sample.slices if one.startswith(f"{name} ")), "")


class _Roots:
    """Documents that are joined, by the smallest id among them."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def of(self, document: str) -> str:
        while document in self._above:
            document = self._above[document]
        return document

    def join(self, one: str, other: str) -> None:
        low, high = sorted((self.of(one), self.of(other)))
        if low != high:
            self._above[high] = low
