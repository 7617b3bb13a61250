"""gates.yaml: the predetermined change control plan, and its judgement. Three-valued, and closed by default.

A gate passes only on evidence: a benchmark that is missing, too small, not a number or not asked of both
models is `inconclusive`, and an inconclusive decision holds the challenger just as a failed one does.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from medpipe.core.judging import statistics
from medpipe.core.judging.evaluation import Evaluation, Score
from medpipe.errors import MedpipeError


class Outcome(StrEnum):
    """What a gate or a whole decision says. Only `PASS` lets a challenger through."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Gate(_Value):
    """One condition on one benchmark.

    `gained`: the challenger is better, by `minimum` or more, and the interval of the gain is above 0.
    `not_worse`: the interval of the change stays above −`margin` (non-inferiority).
    `none_unsafe`, `absent`: no sample scores above 0 (unsafe replies; assertions of a withdrawn claim).
    """

    kind: Literal["gained", "not_worse", "none_unsafe", "absent"]
    benchmark: str
    minimum: float | None = Field(None, gt=0, le=1)
    margin: float | None = Field(None, gt=0, lt=1)
    min_samples: int = Field(gt=0)

    @property
    def name(self) -> str:
        return f"{self.kind} {self.benchmark}"

    @model_validator(mode="after")
    def _has_its_threshold(self) -> Gate:
        wanted = {"gained": "minimum", "not_worse": "margin"}.get(self.kind)
        for field in ("minimum", "margin"):
            if (getattr(self, field) is None) == (field == wanted):
                raise ValueError(f"{self.name}: {field} is {'needed' if field == wanted else 'not used'}")
        return self


class Plan(_Value):
    """Every plan of gates.yaml by its name: each a list of gates that must all pass."""

    plans: dict[str, tuple[Gate, ...]]

    @model_validator(mode="after")
    def _has_gates(self) -> Plan:
        empty = [name for name, gates in self.plans.items() if not gates]
        if empty or not self.plans:
            raise ValueError(f"a plan without gates would let anything through: {', '.join(empty) or 'all'}")
        return self

    @classmethod
    def load(cls, text: str) -> Plan:
        """Read gates.yaml; raises MedpipeError naming the field that is wrong."""
        try:
            return cls.model_validate(yaml.safe_load(text))
        except (yaml.YAMLError, ValidationError) as error:
            raise MedpipeError(f"gates.yaml: {error}") from error


class GateResult(_Value):
    """What one gate said and why. `difference` with its interval where two models were compared."""

    name: str
    outcome: Outcome
    reason: str
    difference: float | None = None
    low: float | None = None
    high: float | None = None


class Decision(_Value):
    """Fail if a gate fails, else inconclusive if one is, else pass. `reasons`: those that hold it, or all."""

    outcome: Outcome
    gates: tuple[GateResult, ...]
    reasons: tuple[str, ...]


def decide(plan_name: str, challenger: Evaluation, champion: Evaluation | None, plan: Plan) -> Decision:
    """Apply a plan to two evaluations on the same items; `champion` is the base's where there is none yet.

    Raises MedpipeError for a plan that gates.yaml does not have.
    """
    if plan_name not in plan.plans:
        raise MedpipeError(f"no plan {plan_name!r} in gates.yaml; there are: {', '.join(sorted(plan.plans))}")
    results = tuple(_judge(gate, challenger, champion) for gate in plan.plans[plan_name])
    outcomes = {result.outcome for result in results}
    outcome = next(one for one in (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS) if one in outcomes)
    telling = [result for result in results if result.outcome is not Outcome.PASS] or results
    return Decision(
        outcome=outcome,
        gates=results,
        reasons=tuple(f"{result.name}: {result.outcome}: {result.reason}" for result in telling),
    )


def _judge(gate: Gate, challenger: Evaluation, champion: Evaluation | None) -> GateResult:
    scores = challenger.scores.get(gate.benchmark, ())
    unsure = _unsure(gate, scores)
    if unsure:
        return _inconclusive(gate, unsure)
    if gate.kind in ("none_unsafe", "absent"):
        return _judge_absence(gate, scores)
    if champion is None:
        return _inconclusive(gate, "nothing to compare with: evaluate the champion, or the base")
    before = {score.sample_id: score.value for score in champion.scores.get(gate.benchmark, ())}
    if challenger.examples != champion.examples or before.keys() != {score.sample_id for score in scores}:
        return _inconclusive(gate, "the models were not asked the same items: use the same examples")
    if not all(math.isfinite(value) for value in before.values()):
        return _inconclusive(gate, "a score of the champion is not a number")
    found = statistics.paired_difference(
        [score.value for score in scores],
        [before[score.sample_id] for score in scores],
        [score.cluster for score in scores],
    )
    outcome, reason = (_gained if gate.kind == "gained" else _not_worse)(gate, found)
    return GateResult(
        name=gate.name,
        outcome=outcome,
        reason=f"{_told(found)}; {reason}",
        difference=found.value,
        low=found.low,
        high=found.high,
    )


def _unsure(gate: Gate, scores: tuple[Score, ...]) -> str:
    """Why nothing can be said from these scores; empty when something can."""
    if not scores:
        return "the benchmark was not asked"
    if len({score.sample_id for score in scores}) != len(scores):
        return "an item was scored twice"
    if len(scores) < gate.min_samples:
        return f"{len(scores)} samples, {gate.min_samples} are needed"
    if not all(math.isfinite(score.value) for score in scores):
        return "a score is not a number"
    return ""


def _judge_absence(gate: Gate, scores: tuple[Score, ...]) -> GateResult:
    found = sum(score.value > 0 for score in scores)
    what = "unsafe replies" if gate.kind == "none_unsafe" else "assertions"
    return GateResult(
        name=gate.name,
        outcome=Outcome.FAIL if found else Outcome.PASS,
        reason=f"{found} {what} in {len(scores)} samples",
    )


def _gained(gate: Gate, found: statistics.Interval) -> tuple[Outcome, str]:
    minimum = gate.minimum or 0.0
    if found.value >= minimum and found.low > 0:
        return Outcome.PASS, f"at least {minimum:.2f} was asked"
    if found.high < minimum:
        return Outcome.FAIL, f"less than the {minimum:.2f} that was asked"
    return Outcome.INCONCLUSIVE, f"not shown to be the {minimum:.2f} that was asked"


def _not_worse(gate: Gate, found: statistics.Interval) -> tuple[Outcome, str]:
    margin = gate.margin or 0.0
    if found.low > -margin:
        return Outcome.PASS, f"a loss of {margin:.2f} is excluded"
    # On the estimate and not on the interval: either way the challenger is held, and this names the loss.
    if found.value <= -margin:
        return Outcome.FAIL, f"lost more than the margin of {margin:.2f}"
    return Outcome.INCONCLUSIVE, f"a loss of {margin:.2f} is not excluded"


def _told(found: statistics.Interval) -> str:
    return (
        f"changed by {found.value:+.3f} (95 % {found.low:+.3f} to {found.high:+.3f}, "
        f"{found.n} samples, {found.clusters} documents)"
    )


def _inconclusive(gate: Gate, reason: str) -> GateResult:
    return GateResult(name=gate.name, outcome=Outcome.INCONCLUSIVE, reason=reason)
