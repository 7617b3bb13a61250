"""The three rules that `bench.chain` compares: gates.yaml with its error budget, fixed intervals, and the higher mean.

Scores are arrays of 0 and 1 with one row a document and one column a question.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
import numpy.typing as npt

from medpipe.core.judging import budget, comparisons, statistics
from medpipe.core.judging.budget import Asked
from medpipe.core.judging.plan import Gate

Scores = npt.NDArray[np.int8]
TOTAL = 0.025
"""`false_passes_a_year` of gates.yaml."""


class Rule(Protocol):
    """Decides about one challenger after the other on one benchmark."""

    def passes(self, challenger: Scores, references: list[Scores], items: str) -> bool:
        """Return whether the challenger passes. The last reference is the incumbent; `items` names the questions."""


class Budgeted:
    """The gates of medpipe on one benchmark: `core.judging` decides, with the level that the error budget leaves."""

    def __init__(self, gate: Gate, wears: bool = True) -> None:
        """`wears`: whether a pass counts in the first `MOST_LOOKS` looks at the same items only, where gates say so."""
        self.gate, self.wears = gate, wears
        self.looks: list[Asked] = []

    def passes(self, challenger: Scores, references: list[Scores], items: str) -> bool:
        number = len(self.looks) + 1
        now = Asked(f"evaluation/{number}", f"adapter/{number}", items, number)
        share = budget.budget(TOTAL, self.looks, now)
        against = references if self.gate.kind == "not_worse_than_best" else references[-1:]
        passed = all(
            comparisons.judge(self.gate, statistics.difference(changes(challenger, other), share.level))[0]
            is comparisons.Outcome.PASS
            for other in reversed(against)
        )
        passed = passed and not (self.wears and self.gate.wears and share.worn)
        self.looks.append(now._replace(judged=True, passed=passed))
        return passed


class FixedInterval:
    """The rule of medpipe's first storey: a t interval with pseudo-pairs, against the incumbent, at every look anew."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate

    def passes(self, challenger: Scores, references: list[Scores], items: str) -> bool:
        difference = _with_pseudo_pairs(challenger, references[-1])
        return comparisons.judge(self.gate, difference)[0] is comparisons.Outcome.PASS


class HigherMean:
    """Promote if the mean is higher. `bonus`: what new questions add to the mean, on which challengers do gain."""

    def __init__(self, bonus: float = 0.0) -> None:
        self.bonus = bonus

    def passes(self, challenger: Scores, references: list[Scores], items: str) -> bool:
        return float(challenger.mean() - references[-1].mean()) + self.bonus > 0


def changes(challenger: Scores, other: Scores) -> statistics.Changes:
    """Return what `statistics.changes` returns, for documents of equal size. A test holds the two together."""
    documents, each = challenger.shape
    steps = challenger.astype(np.int16) - other
    gains, losses = (steps > 0).sum(axis=1), (steps < 0).sum(axis=1)
    gains_off, losses_off = gains - gains.mean(), losses - losses.mean()
    return statistics.Changes(
        items=documents * each,
        clusters=documents,
        size_squares=float(documents * each**2),
        size_fourths=float(documents * each**4),
        gains=float(gains.sum()),
        losses=float(losses.sum()),
        gain_squares=float(gains_off @ gains_off),
        loss_squares=float(losses_off @ losses_off),
        products=float(gains_off @ losses_off),
    )


def _with_pseudo_pairs(challenger: Scores, other: Scores) -> statistics.Interval:
    """Return the interval of the first storey: pseudo-pairs an item (Agresti and Min 2005), t over documents."""
    from scipy.special import stdtrit

    documents, each = challenger.shape
    steps = (challenger.astype(np.int16) - other).sum(axis=1)
    centre = float(steps.sum()) / (documents * each)
    off = steps - each * centre
    pseudo = 0.5 * ((1 - centre) ** 2 + (1 + centre) ** 2) + centre**2
    error = math.sqrt((float(off @ off) + pseudo) * documents / (documents - 1)) / (documents * each + 2)
    half = float(stdtrit(documents - 1, 0.975)) * error
    return statistics.Interval(centre, centre - half, centre + half, documents * each, documents)
