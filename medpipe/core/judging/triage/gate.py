"""Hold the scores of triage to limits: pass, fail or inconclusive, each with a sentence for clinicians.

A limit that is broken by what was seen fails. A limit that the cases are too few to decide is inconclusive. Sources of
the limits are in benchmarks/gates.yaml.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from medpipe.core.judging import statistics
from medpipe.core.judging.comparisons import Outcome
from medpipe.core.judging.evaluation import Score
from medpipe.core.judging.triage import figures
from medpipe.core.triage.labels import IMMEDIATE, LABELS, Label

_NAMED = 5
"""Cases that a sentence names at most."""
_LANGUAGES = {"en": "English", "fr": "French", "es": "Spanish"}


class Limits(NamedTuple):
    """What a challenger must reach, each in 0..1."""

    sent_away: float
    """Share of immediate cases called `delayed` that must be ruled out, beside that none is."""
    flips: float
    """Share of answers that may change when only the wording does."""
    gap: float
    """By how much the share of right answers may differ between two languages."""
    recalls: Mapping[Label, float]
    """Label → the share of its cases that must be found."""


class Finding(NamedTuple):
    """What one of the limits says."""

    name: str
    outcome: Outcome
    reason: str
    upper: float | None = None
    low: float | None = None
    high: float | None = None


def findings(scores: Sequence[Score], limits: Limits) -> Iterator[Finding]:
    """Yield what each limit says of the scores of a benchmark of cases."""
    yield _sent_away(figures.sent_away(scores), limits.sent_away)
    for label in LABELS:
        yield _recall(scores, label, limits.recalls[label])
    yield _flips(scores, limits.flips)
    yield _gap(scores, limits.gap)


def _sent_away(seen: figures.SentAway, limit: float) -> Finding:
    if not seen.cases:
        return Finding("sent away", Outcome.INCONCLUSIVE, _nothing(f"No {IMMEDIATE} case"))
    upper = f"{100 * seen.upper:.3g} %"
    if seen.sent:
        named = ", ".join(seen.sent[:_NAMED]) + (", …" if len(seen.sent) > _NAMED else "")
        reason = (
            f"{len(seen.sent)} of {seen.cases} cases that cannot wait were called delayed in at least one wording "
            f"({named}). None may be."
        )
        return Finding("sent away", Outcome.FAIL, reason, upper=seen.upper)
    reason = f"None of {seen.cases} cases that cannot wait was called delayed in any wording."
    if seen.upper > limit:
        needed = math.ceil(math.log(1 - statistics.LEVEL) / math.log1p(-limit))
        return Finding(
            "sent away",
            Outcome.INCONCLUSIVE,
            f"{reason} But up to {upper} cannot be ruled out, and at most {_percent(limit)} is allowed: ask about "
            f"{needed} such cases or more.",
            upper=seen.upper,
        )
    return Finding(
        "sent away", Outcome.PASS, f"{reason} More than {upper} is ruled out with 95 % confidence.", seen.upper
    )


def _recall(scores: Sequence[Score], label: Label, least: float) -> Finding:
    name, found = f"recall of {label}", figures.recall(scores, label)
    if found is None:
        return Finding(name, Outcome.INCONCLUSIVE, _nothing(f"No {label} case"))
    seen = f"{_percent(found.value)} of the answers about {label} cases were right ({_interval(found.low, found.high)})"
    if found.value < least:
        outcome, verdict = Outcome.FAIL, f"at least {_percent(least)} is required"
    elif found.low < least:
        outcome, verdict = Outcome.INCONCLUSIVE, f"less than the required {_percent(least)} cannot be ruled out"
    else:
        outcome, verdict = Outcome.PASS, f"that is the required {_percent(least)} or more"
    return Finding(name, outcome, f"{seen}; {verdict}.", low=found.low, high=found.high)


def _flips(scores: Sequence[Score], most: float) -> Finding:
    found = figures.flips(scores)
    if found is None:
        return Finding("flips", Outcome.INCONCLUSIVE, _nothing("No case in another wording"))
    seen = (
        f"{_percent(found.value)} of the answers changed when only the wording did ({_interval(found.low, found.high)})"
    )
    return Finding("flips", *_at_most(seen, found.value, found.high, most), low=found.low, high=found.high)


def _gap(scores: Sequence[Score], most: float) -> Finding:
    gaps = figures.gaps(scores)
    if not gaps:
        return Finding("language gap", Outcome.INCONCLUSIVE, _nothing("No case in two languages"))
    widest, highest = gaps[0], max(max(gap.difference.high, -gap.difference.low) for gap in gaps)
    better, worse = (_LANGUAGES.get(name, name) for name in (widest.better, widest.worse))
    points = f"{100 * widest.difference.value:.2g} points"
    seen = f"The widest gap between two languages is {points}: {better} is right more often than {worse}"
    if not widest.difference.value:
        seen = "The label is right equally often in every language"
    outcome, reason = _at_most(seen, widest.difference.value, highest, most)
    return Finding("language gap", outcome, reason, low=widest.difference.low, high=widest.difference.high)


def _at_most(seen: str, value: float, high: float, most: float) -> tuple[Outcome, str]:
    """Return the outcome of a share that must not be above `most`, and the sentence with its reason."""
    if value > most:
        return Outcome.FAIL, f"{seen}; at most {_percent(most)} is allowed."
    if high > most:
        return Outcome.INCONCLUSIVE, (
            f"{seen}; up to {_percent(high)} cannot be ruled out, and at most {_percent(most)} is allowed: ask about "
            "more cases."
        )
    return Outcome.PASS, f"{seen}; more than {_percent(most)} is ruled out."


def _nothing(what: str) -> str:
    return f"{what} was asked about."


def _interval(low: float, high: float) -> str:
    return f"95 % interval {_percent(low)} to {_percent(high)}"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
