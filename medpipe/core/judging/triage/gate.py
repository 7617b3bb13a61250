"""Hold the scores of triage to limits: pass, fail or inconclusive, each with a sentence for clinicians.

A limit that is broken by what was seen fails. A limit that the cases are too few to decide is inconclusive. Sources of
the limits are in benchmarks/gates.yaml.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from medpipe.core.judging import statistics
from medpipe.core.judging.comparisons import Outcome
from medpipe.core.judging.evaluation import Score
from medpipe.core.judging.gate_result import GateResult
from medpipe.core.judging.limits import at_least, interval, percent
from medpipe.core.judging.plan import Gate
from medpipe.core.judging.triage import figures
from medpipe.core.triage.labels import IMMEDIATE, LABELS, Label

_NAMED = 5
"""Cases that a sentence names at most."""
_LANGUAGES = {"en": "English", "fr": "French", "es": "Spanish"}


def triage_results(scores: Sequence[Score], gate: Gate) -> Iterator[GateResult]:
    """Yield what each limit of a gate of the kind `triage` says of the scores of its benchmark.

    The limits do not spend from the error budget (docs/judging.md).
    """
    yield _sent_away(gate, figures.sent_away(scores), gate.upper or 0.0)
    for label in LABELS:
        yield _recall(gate, scores, label, (gate.recalls or {})[label])
    yield _flips(gate, scores, gate.flips or 0.0)
    yield _gap(gate, scores, gate.gap or 0.0)


def _sent_away(gate: Gate, seen: figures.SentAway, limit: float) -> GateResult:
    if not seen.cases:
        return _result(gate, "sent away", Outcome.INCONCLUSIVE, _nothing(f"No {IMMEDIATE} case"))
    upper = f"{100 * seen.upper:.3g} %"
    if seen.sent:
        number, named = len(seen.sent), ", ".join(seen.sent[:_NAMED]) + (", …" if len(seen.sent) > _NAMED else "")
        called = "was called" if number == 1 else "were called"
        reason = (
            f"{number} of {seen.cases} cases that cannot wait {called} delayed in at least one wording ({named}). "
            "None may be."
        )
        return _result(gate, "sent away", Outcome.FAIL, reason, upper=seen.upper)
    reason = f"None of {seen.cases} cases that cannot wait was called delayed in any wording."
    if seen.upper > limit:
        needed = math.ceil(math.log(1 - statistics.LEVEL) / math.log1p(-limit))
        open_share = f"But up to {upper} cannot be ruled out, and at most {percent(limit)} is allowed"
        reason = f"{reason} {open_share}: ask about {needed} such cases or more."
        return _result(gate, "sent away", Outcome.INCONCLUSIVE, reason, upper=seen.upper)
    reason = f"{reason} More than {upper} is ruled out with 95 % confidence."
    return _result(gate, "sent away", Outcome.PASS, reason, upper=seen.upper)


def _recall(gate: Gate, scores: Sequence[Score], label: Label, least: float) -> GateResult:
    name, found = f"recall of {label}", figures.recall(scores, label)
    if found is None:
        return _result(gate, name, Outcome.INCONCLUSIVE, _nothing(f"No {label} case"))
    seen = f"{percent(found.value)} of the answers about {label} cases were right ({interval(found.low, found.high)})"
    return _result(gate, name, *at_least(seen, found.value, found.low, least), low=found.low, high=found.high)


def _flips(gate: Gate, scores: Sequence[Score], most: float) -> GateResult:
    found = figures.flips(scores)
    if found is None:
        return _result(gate, "flips", Outcome.INCONCLUSIVE, _nothing("No case in another wording"))
    seen = (
        f"{percent(found.value)} of the answers changed when only the wording did ({interval(found.low, found.high)})"
    )
    return _result(gate, "flips", *_at_most(seen, found.value, found.high, most), low=found.low, high=found.high)


def _gap(gate: Gate, scores: Sequence[Score], most: float) -> GateResult:
    gaps = figures.gaps(scores)
    if not gaps:
        return _result(gate, "language gap", Outcome.INCONCLUSIVE, _nothing("No case in two languages"))
    widest, highest = gaps[0], max(max(gap.difference.high, -gap.difference.low) for gap in gaps)
    better, worse = (_LANGUAGES.get(name, name) for name in (widest.better, widest.worse))
    points = f"{100 * widest.difference.value:.2g} points"
    seen = f"The widest gap between two languages is {points}: {better} is right more often than {worse}"
    if not widest.difference.value:
        seen = "The label is right equally often in every language"
    outcome, reason = _at_most(seen, widest.difference.value, highest, most)
    return _result(gate, "language gap", outcome, reason, low=widest.difference.low, high=widest.difference.high)


def _at_most(seen: str, value: float, high: float, most: float) -> tuple[Outcome, str]:
    """Return the outcome of a share that must not be above `most`, and the sentence with its reason."""
    if value > most:
        return Outcome.FAIL, f"{seen}; at most {percent(most)} is allowed."
    if high > most:
        return Outcome.INCONCLUSIVE, (
            f"{seen}; up to {percent(high)} cannot be ruled out, and at most {percent(most)} is allowed: ask about "
            "more cases."
        )
    return Outcome.PASS, f"{seen}; more than {percent(most)} is ruled out."


def _result(
    gate: Gate,
    limit: str,
    outcome: Outcome,
    reason: str,
    *,
    upper: float | None = None,
    low: float | None = None,
    high: float | None = None,
) -> GateResult:
    name = f"{gate.kind} {limit}"
    return GateResult(
        name=name, outcome=outcome, reason=reason, benchmark=gate.benchmark, upper=upper, low=low, high=high
    )


def _nothing(what: str) -> str:
    return f"{what} was asked about."
