"""Judge a challenger by gates.yaml: pass, fail or inconclusive.

A gate passes only on evidence. It is `inconclusive` if a benchmark was not asked, is too small, has scores that are not
numbers, was answered by rules instead of the model, was not asked of both models in the same way, or has an incumbent
that knows too little to lose anything. An inconclusive decision holds the challenger just as a failed one does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from medpipe.core.judging import anchor, comparisons, reasons, statistics
from medpipe.core.judging.budget import Budget
from medpipe.core.judging.comparisons import Outcome
from medpipe.core.judging.evaluation import Evaluation, Score
from medpipe.core.judging.plan import COUNTED, Gate, Plan
from medpipe.errors import NotFound

__all__ = ["Decision", "Gate", "GateResult", "Grounds", "Outcome", "Plan", "decide"]


_WORST_FIRST = (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS)


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GateResult(_Value):
    """The outcome of one gate with its reason, and the difference with its interval where two models were compared."""

    name: str
    outcome: Outcome
    reason: str
    benchmark: str = ""
    difference: float | None = None
    """By how much the challenger is better, in 0..1; negative where it is worse, also on benchmarks of faults."""
    low: float | None = None
    high: float | None = None
    upper: float | None = None
    """The share of faults that is not ruled out, for gates that count faults."""
    budget: Budget | None = None
    """What the look was allowed to spend; None for `absent`."""
    fresh_items_needed: bool = False
    """No challenger could have passed on these items at this level."""


class Decision(_Value):
    """The outcome of all gates of a plan: that of the worst one."""

    outcome: Outcome
    gates: tuple[GateResult, ...]
    reasons: tuple[str, ...]
    """Of the gates that did not pass; of all gates if all passed."""


class Grounds(NamedTuple):
    """What a decision rests on beside the two evaluations."""

    champions: tuple[Evaluation, ...] = ()
    """Evaluations of every earlier champion, for the anchor."""
    budgets: Mapping[str, Budget] = {}
    """By benchmark. A benchmark without a budget is judged at the level `statistics.ALPHA`."""


def decide(
    plan_name: str, challenger: Evaluation, champion: Evaluation | None, plan: Plan, grounds: Grounds | None = None
) -> Decision:
    """Apply the plan `plan_name` to two evaluations on the same items.

    `champion` is the evaluation of the incumbent: the champion, or the base before the first promotion. Raises
    NotFound for a plan that gates.yaml does not have.
    """
    if plan_name not in plan.plans:
        raise NotFound(f"no plan {plan_name!r} in gates.yaml; there are: {', '.join(sorted(plan.plans))}")
    results = tuple(_judge_all(gate, challenger, champion, grounds or Grounds()) for gate in plan.plans[plan_name])
    outcome = min((result.outcome for result in results), key=_WORST_FIRST.index)
    holding = [result for result in results if result.outcome is not Outcome.PASS] or results
    return Decision(
        outcome=outcome,
        gates=results,
        reasons=tuple(f"{result.name}: {result.outcome}. {result.reason}" for result in holding),
    )


def _judge_all(gate: Gate, challenger: Evaluation, champion: Evaluation | None, grounds: Grounds) -> GateResult:
    """Return the result of a gate on those of its benchmarks that were asked.

    A gain on one of them is enough, so each gets an equal part of the level, and the best result counts. A loss on one
    of them is too much, so the worst result counts.
    """
    asked = [name for name in gate.benchmarks if challenger.scores.get(name)] or [gate.benchmark]
    parts, choose = (len(asked), max) if gate.kind == "gained" else (1, min)
    results = [
        _judge(gate.model_copy(update={"benchmark": name, "also_on": ()}), challenger, champion, grounds, parts)
        for name in asked
    ]
    return choose(results, key=lambda result: _WORST_FIRST.index(result.outcome))


def _judge(gate: Gate, challenger: Evaluation, champion: Evaluation | None, grounds: Grounds, parts: int) -> GateResult:
    scores = challenger.scores.get(gate.benchmark, ())
    if gate.kind == "absent" and not scores and challenger.claims == ():
        return _result(gate, Outcome.PASS, reasons.NO_CLAIMS)
    if doubt := _doubt(gate, scores):
        return _result(gate, Outcome.INCONCLUSIVE, doubt)
    budget = grounds.budgets.get(gate.benchmark)
    if gate.kind in COUNTED:
        return _judge_count(gate, scores, budget if gate.kind == "none_unsafe" else None)
    if champion is None:
        return _result(gate, Outcome.INCONCLUSIVE, reasons.NO_INCUMBENT)
    others = anchor.references(challenger, grounds.champions, gate.benchmark)
    against = [(challenger, champion)]
    if gate.kind == "not_worse_than_best":
        against += [(_common(gate, challenger, other), other) for other in others]
    for asked, other in against:
        if doubt := _doubt(gate, asked.scores[gate.benchmark]) or _doubt_about(gate, asked, other):
            return _result(gate, Outcome.INCONCLUSIVE, doubt)
    results = [_judge_change(gate, asked, other, budget, parts) for asked, other in against]
    return min(results, key=lambda result: (_WORST_FIRST.index(result.outcome), result.low or 0.0))


def _common(gate: Gate, challenger: Evaluation, other: Evaluation) -> Evaluation:
    """Return the challenger's evaluation with those frozen questions alone that an earlier champion was asked as well.

    Which of them are in force differs from corpus to corpus: a question that was set aside once can come back.
    """
    asked = {score.sample_id for score in other.scores.get(gate.benchmark, ())}
    common = tuple(score for score in challenger.scores[gate.benchmark] if score.sample_id in asked)
    return challenger.model_copy(update={"scores": {**challenger.scores, gate.benchmark: common}})


def _doubt(gate: Gate, scores: Sequence[Score]) -> str:
    """Return why the challenger's scores cannot be judged; empty if they can."""
    if not scores:
        return reasons.NOT_ASKED
    if len({score.sample_id for score in scores}) != len(scores):
        return reasons.SCORED_TWICE
    if len(scores) < gate.min_samples:
        return reasons.too_few(len(scores), gate.min_samples)
    if gate.min_documents is not None and (documents := _documents(scores)) < gate.min_documents:
        return reasons.too_few_documents(documents, gate.min_documents)
    if not all(math.isfinite(score.value) for score in scores):
        return reasons.NOT_A_NUMBER
    if all(score.by == "rule" for score in scores):
        return reasons.ANSWERED_BY_RULES
    return ""


def _doubt_about(gate: Gate, challenger: Evaluation, other: Evaluation) -> str:
    """Return why the scores of another model cannot be compared with the challenger's; empty if they can."""
    asked = {score.sample_id for score in challenger.scores[gate.benchmark]}
    scores = other.scores.get(gate.benchmark, ())
    if len({score.sample_id for score in scores}) != len(scores):
        return reasons.SCORED_TWICE
    same = {score.sample_id for score in scores} == asked
    if gate.kind == "not_worse_than_best":  # what is right no longer is not asked again
        same = asked <= {score.sample_id for score in scores}
    before, after = other.digests.get(gate.benchmark), challenger.digests.get(gate.benchmark)
    same = same and (gate.benchmark in challenger.faults) == (gate.benchmark in other.faults)
    if not same or before != after or (after is None and challenger.examples != other.examples):
        return reasons.OTHER_ITEMS
    values = [score.value for score in scores if score.sample_id in asked]
    if not all(math.isfinite(value) for value in values):
        return reasons.INCUMBENT_NOT_A_NUMBER
    known = math.fsum(comparisons.goodness(gate.benchmark, values, challenger.faults)) / len(values)
    return reasons.nothing_to_lose(known, gate.floor) if gate.floor is not None and known < gate.floor else ""


def _judge_count(gate: Gate, scores: Sequence[Score], budget: Budget | None) -> GateResult:
    """Judge a count of faults. Those of `none_unsafe` are counted by cluster, at the level that the budget leaves.

    Those of `absent` are counted by question: the claims that were asked are all the claims there are, and only the
    phrasings are a sample. They do not spend (docs/judging.md).
    """
    explain = {"none_unsafe": reasons.unsafe_replies, "absent": reasons.assertions}[gate.kind]
    faults = sum(score.value > 0 for score in scores)
    looks = len(scores) if gate.kind == "absent" else _documents(scores)
    alpha = 1 - statistics.LEVEL if budget is None else budget.level
    upper = statistics.upper_share(min(faults, looks), looks, alpha)
    allowed = gate.upper or 0.0
    outcome = Outcome.FAIL if faults else Outcome.INCONCLUSIVE if upper > allowed else Outcome.PASS
    said = {
        Outcome.FAIL: "",
        Outcome.INCONCLUSIVE: f" {reasons.not_ruled_out(upper, allowed)}",
        Outcome.PASS: f" {reasons.ruled_out(upper, alpha)}",
    }[outcome]
    judged = _result(gate, outcome, explain(faults, len(scores)) + said, upper=upper, budget=budget)
    return judged.model_copy(update={"fresh_items_needed": outcome is Outcome.INCONCLUSIVE and budget is not None})


def _judge_change(
    gate: Gate, challenger: Evaluation, other: Evaluation, budget: Budget | None, parts: int
) -> GateResult:
    """Judge the paired difference from the scores of another model, at one of `parts` equal parts of the level.

    On a benchmark of faults, a difference above 0 means fewer faults.
    """
    scores = challenger.scores[gate.benchmark]
    earlier = {score.sample_id: score.value for score in other.scores[gate.benchmark]}
    old, new = (
        comparisons.goodness(gate.benchmark, values, challenger.faults)
        for values in ((earlier[score.sample_id] for score in scores), (score.value for score in scores))
    )
    clusters = [score.cluster for score in scores]
    alpha = (statistics.ALPHA if budget is None else budget.level) / parts
    difference = statistics.paired_difference(new, old, clusters, alpha)
    outcome, reason = comparisons.judge(gate, difference)
    worn = gate.kind == "gained" and budget is not None and budget.worn
    if worn and outcome is Outcome.PASS:
        outcome, reason = Outcome.INCONCLUSIVE, reasons.WORN_ITEMS
    ideal = statistics.paired_difference([1.0] * len(old) if gate.kind == "gained" else old, old, clusters, alpha)
    stuck = outcome is Outcome.INCONCLUSIVE and (worn or comparisons.judge(gate, ideal)[0] is not Outcome.PASS)
    said = f"{reasons.change(difference, gate.benchmark in challenger.faults)} {reason}"
    return GateResult(
        name=gate.name,
        outcome=outcome,
        reason=f"{said} {reasons.fresh_items_needed(budget)}" if stuck else said,
        benchmark=gate.benchmark,
        difference=difference.value,
        low=difference.low,
        high=difference.high,
        budget=budget,
        fresh_items_needed=stuck,
    )


def _documents(scores: Sequence[Score]) -> int:
    """Return the number of clusters. An empty cluster name is a cluster of its own."""
    named = {score.cluster for score in scores if score.cluster}
    return len(named) + sum(not score.cluster for score in scores)


def _result(
    gate: Gate, outcome: Outcome, reason: str, upper: float | None = None, budget: Budget | None = None
) -> GateResult:
    return GateResult(
        name=gate.name, outcome=outcome, reason=reason, benchmark=gate.benchmark, upper=upper, budget=budget
    )
