"""Judge a challenger by gates.yaml, the predetermined change control plan: pass, fail or inconclusive.

A gate passes only on evidence: a benchmark that was not asked, is too small, has scores that are not numbers or was
not asked of both models is `inconclusive`. An inconclusive decision holds the challenger just as a failed one does.

Sources: FDA, "Marketing Submission Recommendations for a Predetermined Change Control Plan for Artificial
Intelligence-Enabled Device Software Functions" (2024); for non-inferiority and its margin, ICH E9 and E10.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from medpipe.core.judging import reasons, statistics
from medpipe.core.judging.evaluation import Evaluation, Score
from medpipe.errors import NotFound


class Outcome(StrEnum):
    """The verdict of a gate or of a whole decision. Only `PASS` lets a challenger through."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


_WORST_FIRST = (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS)


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Gate(_Value):
    """One condition on one benchmark.

    - `gained`: the challenger is better by `minimum` or more, and the interval of the gain is above 0.
    - `not_worse`: the interval of the change stays above -`margin` (non-inferiority).
    - `none_unsafe`: no reply is unsafe.
    - `absent`: no answer asserts a withdrawn claim.
    """

    kind: Literal["gained", "not_worse", "none_unsafe", "absent"]
    benchmark: str
    minimum: float | None = Field(None, gt=0, le=1)
    """Least gain in the mean score, in 0..1; for `gained` only."""
    margin: float | None = Field(None, gt=0, lt=1)
    """Loss in the mean score that must be excluded, in 0..1; for `not_worse` only."""
    min_samples: int = Field(gt=0)

    @property
    def name(self) -> str:
        """The kind and the benchmark, as reports show it."""
        return f"{self.kind} {self.benchmark}"

    @model_validator(mode="after")
    def _has_its_threshold(self) -> Self:
        needed = {"gained": "minimum", "not_worse": "margin"}.get(self.kind)
        for field in ("minimum", "margin"):
            if (getattr(self, field) is None) == (field == needed):
                raise ValueError(f"{self.name}: {field} is {'needed' if field == needed else 'not used'}")
        return self


class Plan(_Value):
    """The promotion plans of gates.yaml by name. Every gate of a plan must pass."""

    plans: dict[str, tuple[Gate, ...]]

    @model_validator(mode="after")
    def _has_gates(self) -> Self:
        empty = [name for name, gates in self.plans.items() if not gates]
        if empty or not self.plans:
            raise ValueError(f"a plan without gates would let anything through: {', '.join(empty) or 'all'}")
        return self


class GateResult(_Value):
    """The outcome of one gate with its reason, and the difference with its interval where two models were compared."""

    name: str
    outcome: Outcome
    reason: str
    difference: float | None = None
    low: float | None = None
    high: float | None = None


class Decision(_Value):
    """The outcome of all gates of a plan: that of the worst one."""

    outcome: Outcome
    gates: tuple[GateResult, ...]
    reasons: tuple[str, ...]
    """Of the gates that did not pass; of all gates if all passed."""


def decide(plan_name: str, challenger: Evaluation, champion: Evaluation | None, plan: Plan) -> Decision:
    """Apply the plan `plan_name` to two evaluations on the same items.

    `champion` is the evaluation of the incumbent: the champion, or the base before the first promotion. Raises
    NotFound for a plan that gates.yaml does not have.
    """
    if plan_name not in plan.plans:
        raise NotFound(f"no plan {plan_name!r} in gates.yaml; there are: {', '.join(sorted(plan.plans))}")
    results = tuple(_judge(gate, challenger, champion) for gate in plan.plans[plan_name])
    outcome = min((result.outcome for result in results), key=_WORST_FIRST.index)
    holding = [result for result in results if result.outcome is not Outcome.PASS] or results
    return Decision(
        outcome=outcome,
        gates=results,
        reasons=tuple(f"{result.name}: {result.outcome}. {result.reason}" for result in holding),
    )


def _judge(gate: Gate, challenger: Evaluation, champion: Evaluation | None) -> GateResult:
    scores = challenger.scores.get(gate.benchmark, ())
    doubt = _doubt(gate, scores)
    if doubt:
        return _inconclusive(gate, doubt)
    if gate.kind in ("none_unsafe", "absent"):
        return _judge_absence(gate, scores)
    if champion is None:
        return _inconclusive(gate, reasons.NO_INCUMBENT)
    incumbent = champion.scores.get(gate.benchmark, ())
    before = {score.sample_id: score.value for score in incumbent}
    if len(before) != len(incumbent):
        return _inconclusive(gate, reasons.SCORED_TWICE)
    if challenger.examples != champion.examples or before.keys() != {score.sample_id for score in scores}:
        return _inconclusive(gate, reasons.OTHER_ITEMS)
    if not all(math.isfinite(value) for value in before.values()):
        return _inconclusive(gate, reasons.INCUMBENT_NOT_A_NUMBER)
    return _judge_change(gate, scores, before)


def _doubt(gate: Gate, scores: Sequence[Score]) -> str:
    """Return why the challenger's scores cannot be judged; empty if they can."""
    if not scores:
        return reasons.NOT_ASKED
    if len({score.sample_id for score in scores}) != len(scores):
        return reasons.SCORED_TWICE
    if len(scores) < gate.min_samples:
        return reasons.too_few(len(scores), gate.min_samples)
    if not all(math.isfinite(score.value) for score in scores):
        return reasons.NOT_A_NUMBER
    return ""


def _judge_absence(gate: Gate, scores: Sequence[Score]) -> GateResult:
    faults = sum(score.value > 0 for score in scores)
    explain = {"none_unsafe": reasons.unsafe_replies, "absent": reasons.assertions}[gate.kind]
    return GateResult(
        name=gate.name,
        outcome=Outcome.FAIL if faults else Outcome.PASS,
        reason=explain(faults, len(scores)),
    )


def _judge_change(gate: Gate, scores: Sequence[Score], before: Mapping[str, float]) -> GateResult:
    """Judge the paired difference from the incumbent's scores (sample id → value)."""
    difference = statistics.paired_difference(
        [score.value for score in scores],
        [before[score.sample_id] for score in scores],
        [score.cluster for score in scores],
    )
    judge = {"gained": _gained, "not_worse": _not_worse}[gate.kind]  # a kind that is missing here must not pass
    outcome, reason = judge(gate, difference)
    return GateResult(
        name=gate.name,
        outcome=outcome,
        reason=f"{reasons.change(difference)} {reason}",
        difference=difference.value,
        low=difference.low,
        high=difference.high,
    )


def _gained(gate: Gate, difference: statistics.Interval) -> tuple[Outcome, str]:
    minimum = gate.minimum or 0.0
    if difference.value >= minimum and difference.low > 0:
        return Outcome.PASS, reasons.gained(minimum)
    if difference.high < minimum:
        return Outcome.FAIL, reasons.gained_too_little(minimum)
    return Outcome.INCONCLUSIVE, reasons.gain_not_shown(minimum)


def _not_worse(gate: Gate, difference: statistics.Interval) -> tuple[Outcome, str]:
    margin = gate.margin or 0.0
    if difference.low > -margin:
        return Outcome.PASS, reasons.not_worse(margin)
    # FAIL depends on the estimate, not on the interval. The challenger is held either way; FAIL names the loss.
    if difference.value <= -margin:
        return Outcome.FAIL, reasons.lost(margin)
    return Outcome.INCONCLUSIVE, reasons.loss_not_excluded(margin)


def _inconclusive(gate: Gate, reason: str) -> GateResult:
    return GateResult(name=gate.name, outcome=Outcome.INCONCLUSIVE, reason=reason)
