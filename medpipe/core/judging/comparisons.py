"""Decide about a difference between two models: was enough gained, was too much lost, or is it open?"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum

from medpipe.core.judging import reasons
from medpipe.core.judging.plan import Gate
from medpipe.core.judging.statistics import Interval


class Outcome(StrEnum):
    """The verdict of a gate or of a whole decision. Only `PASS` lets a challenger through."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


def judge(gate: Gate, difference: Interval) -> tuple[Outcome, str]:
    """Return the outcome of a comparing gate and its reason. Raises KeyError for a gate that counts faults.

    `difference`: by how much the challenger is better; negative where it is worse (`goodness`).
    """
    kinds = {
        "gained": _gained,
        "learned": _learned,
        "not_worse": _not_worse,
        "not_worse_than_best": _not_worse,
        "rated": _not_worse,
    }
    return kinds[gate.kind](gate, difference)  # a kind that is missing here must not pass


def goodness(benchmark: str, values: Iterable[float], faults: Collection[str]) -> list[float]:
    """Return scores in 0..1 on a scale on which higher is better: of a benchmark among `faults`, 1 - the score."""
    return [1 - value if benchmark in faults else value for value in values]


def _gained(gate: Gate, difference: Interval) -> tuple[Outcome, str]:
    minimum = gate.minimum or 0.0
    if difference.value >= minimum and difference.low > 0:
        return Outcome.PASS, reasons.gained(minimum)
    if difference.high < minimum:
        return Outcome.FAIL, reasons.gained_too_little(minimum)
    return Outcome.INCONCLUSIVE, reasons.gain_not_shown(minimum)


def _learned(gate: Gate, difference: Interval) -> tuple[Outcome, str]:
    """Judge by the difference itself: the questions are about every fact that changed, and are not a sample of them."""
    minimum = gate.minimum or 0.0
    if difference.value >= minimum:
        return Outcome.PASS, reasons.gained(minimum)
    return Outcome.FAIL, reasons.not_learned(minimum)


def _not_worse(gate: Gate, difference: Interval) -> tuple[Outcome, str]:
    margin = gate.margin or 0.0
    if difference.low > -margin:
        return Outcome.PASS, reasons.not_worse(margin)
    # FAIL depends on the estimate, not on the interval. The challenger is held either way; FAIL names the loss.
    if difference.value <= -margin:
        return Outcome.FAIL, reasons.lost(margin)
    return Outcome.INCONCLUSIVE, reasons.loss_not_excluded(margin)
