"""What the scores of a benchmark of triage cases show. The case is the unit: its texts count as one observation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from medpipe.core.judging import statistics
from medpipe.core.judging.evaluation import Metric, Score
from medpipe.core.judging.statistics import Interval
from medpipe.core.text import normalise
from medpipe.core.triage.conditions import PLAIN
from medpipe.core.triage.labels import DELAYED, IMMEDIATE, LABELS, Label, label_of


class SentAway(NamedTuple):
    """Immediate cases that were called `delayed` in at least one of their texts."""

    cases: int
    """Number of immediate cases."""
    sent: tuple[str, ...]
    """Those that were sent away, sorted."""
    upper: float
    """The exact upper limit of their share, with 95 % confidence (Clopper and Pearson)."""


class Gap(NamedTuple):
    """How much more often the label is right in one language than in another, on the same cases and conditions."""

    better: str
    worse: str
    difference: Interval


def sent_away(scores: Iterable[Score]) -> SentAway:
    """Return which immediate cases were called `delayed`, whatever the language and the wording."""
    urgent = [score for score in scores if score.target == IMMEDIATE]
    cases = {score.cluster for score in urgent}
    sent = sorted({score.cluster for score in urgent if label_of(score.answer) == DELAYED})
    return SentAway(len(cases), tuple(sent), statistics.upper_share(len(sent), len(cases)))


def recall(scores: Iterable[Score], label: Label) -> Metric | None:
    """Return the share of right answers about the cases of a label, with its interval; None without such cases."""
    return _share(label, [(float(score.value > 0), score.cluster) for score in scores if score.target == label])


def under_triage(scores: Iterable[Score]) -> Metric | None:
    """Return the share of answers that are less urgent than is right; None where nothing could be.

    A model's answer without a label sends nobody to a doctor, and counts. A rule's reply says whom to call.
    """
    urgency: dict[Label | None, int] = {label: rank for rank, label in enumerate(LABELS)}
    given = [
        (float(_urgency(score, urgency) > urgency[right]), score.cluster)
        for score in scores
        if (right := label_of(score.target)) and right != DELAYED
    ]
    return _share("under-triage", given)


def _urgency(score: Score, urgency: Mapping[Label | None, int]) -> int:
    """Return the rank of an answer, 0 for the most urgent."""
    return urgency.get(label_of(score.answer), 0 if score.by == "rule" else len(urgency))


def flips(scores: Sequence[Score]) -> Metric | None:
    """Return the share of texts that are answered otherwise than the plain text of the same case and language.

    None where no case was asked in another wording.
    """
    plain = {(score.cluster, score.language): _said(score) for score in scores if score.condition == PLAIN}
    changed = [
        (float(_said(score) != plain[score.cluster, score.language]), score.cluster)
        for score in scores
        if score.condition != PLAIN and (score.cluster, score.language) in plain
    ]
    return _share("flips", changed)


def flips_with(scores: Sequence[Score], edit: str) -> Metric | None:
    """Return the share of flips among the texts that have an edit, such as `typos`; None without such texts."""
    return flips([score for score in scores if score.condition == PLAIN or edit in score.condition.split("+")])


def gaps(scores: Iterable[Score]) -> list[Gap]:
    """Return the gap between each two languages, the widest first."""
    by_language: dict[str, dict[tuple[str, str], float]] = {}
    for score in scores:
        by_language.setdefault(score.language, {})[score.cluster, score.condition] = float(score.value > 0)
    found = (_gap(first, second, by_language) for first, second in combinations(sorted(by_language), 2))
    return sorted((gap for gap in found if gap), key=lambda gap: gap.difference.value, reverse=True)


def _gap(first: str, second: str, by_language: Mapping[str, Mapping[tuple[str, str], float]]) -> Gap | None:
    texts = sorted(by_language[first].keys() & by_language[second].keys())
    if not texts:
        return None
    here, there = ([by_language[language][text] for text in texts] for language in (first, second))
    better, worse = (first, second) if sum(here) >= sum(there) else (second, first)
    after, before = (here, there) if better == first else (there, here)
    return Gap(better, worse, statistics.paired_difference(after, before, [cluster for cluster, _ in texts]))


def _said(score: Score) -> str:
    return label_of(score.answer) or normalise(score.answer)


def _share(name: str, given: Sequence[tuple[float, str]]) -> Metric | None:
    if not given:
        return None
    return statistics.mean(name, [value for value, _ in given], [cluster for _, cluster in given])
