"""Judge a challenger by gates.yaml: pass, fail or inconclusive.

A gate passes only on evidence. It is `inconclusive` if a benchmark was not asked, is too small, has scores that are not
numbers, was answered by rules instead of the model, was not asked of both models in the same way, or has an incumbent
that knows too little to lose anything. An inconclusive decision holds the challenger just as a failed one does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from medpipe.core.judging import anchor, comparisons, reasons, statistics
from medpipe.core.judging.budget import Budget
from medpipe.core.judging.comparisons import Outcome
from medpipe.core.judging.evaluation import Evaluation, Score, documents
from medpipe.core.judging.evidence.gate import evidence_results
from medpipe.core.judging.gate_result import GateResult
from medpipe.core.judging.plan import COUNTED, Gate, Plan
from medpipe.core.judging.rating.gate import Reviewed, rated_results
from medpipe.core.judging.triage.gate import triage_results
from medpipe.errors import NotFound

__all__ = ["Decision", "Gate", "GateResult", "Grounds", "Outcome", "Plan", "decide"]


_OF_ONE: Mapping[str, Callable[[Sequence[Score], Gate], Iterator[GateResult]]] = {
    "triage": triage_results,
    "evidence": evidence_results,
}
"""Kinds that hold the challenger alone to several limits."""
_WORST_FIRST = (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS)


class Decision(BaseModel):
    """The outcome of all gates of a plan: that of the worst one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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
    reviewed: Reviewed | None = None
    """What clinicians said of both models' answers; None where they were not asked."""


def decide(
    plan_name: str, challenger: Evaluation, champion: Evaluation | None, plan: Plan, grounds: Grounds | None = None
) -> Decision:
    """Apply the plan `plan_name` to two evaluations on the same items.

    `champion` is the evaluation of the incumbent: the champion, or the base before the first promotion. Raises
    NotFound for a plan that gates.yaml does not have.
    """
    if plan_name not in plan.plans:
        raise NotFound(f"no plan {plan_name!r} in gates.yaml; there are: {', '.join(sorted(plan.plans))}")
    results = tuple(
        result
        for gate in plan.plans[plan_name]
        for result in _judge_all(gate, challenger, champion, grounds or Grounds())
    )
    outcome = min((result.outcome for result in results), key=_WORST_FIRST.index)
    holding = [result for result in results if result.outcome is not Outcome.PASS] or results
    return Decision(
        outcome=outcome,
        gates=results,
        reasons=tuple(f"{result.name}: {result.outcome}. {result.reason}" for result in holding),
    )


def _judge_all(
    gate: Gate, challenger: Evaluation, champion: Evaluation | None, grounds: Grounds
) -> tuple[GateResult, ...]:
    """Return the results of a gate on those of its benchmarks that were asked.

    A gain on one of them is enough, so each gets an equal part of the level, and only the best result is returned. A
    loss on one of them is too much, so all results are.
    """
    asked = [name for name in gate.benchmarks if challenger.scores.get(name)]
    if gate.if_asked and not asked:
        return (_result(gate, Outcome.PASS, reasons.none_asked(gate.benchmarks)),)
    if gate.kind == "rated":
        return tuple(rated_results(gate, grounds.reviewed))
    if gate.kind in _OF_ONE:
        scores = challenger.scores.get(gate.benchmark, ())
        doubt = _doubt(scores) or _too_few(gate, scores)
        return (_result(gate, Outcome.INCONCLUSIVE, doubt),) if doubt else tuple(_OF_ONE[gate.kind](scores, gate))
    parts = len(asked) if gate.kind == "gained" else 1
    each = (gate.model_copy(update={"benchmark": name, "also_on": ()}) for name in asked or [gate.benchmark])
    results = tuple(
        _with_left_out(one, _judge(one, challenger, champion, grounds, parts), challenger, champion, grounds)
        for one in each
    )
    return (max(results, key=lambda one: _WORST_FIRST.index(one.outcome)),) if gate.kind == "gained" else results


def _with_left_out(
    gate: Gate, result: GateResult, challenger: Evaluation, champion: Evaluation | None, grounds: Grounds
) -> GateResult:
    """Return a result that says how many earlier champions it could not be compared with."""
    others = (other for other in grounds.champions if champion is None or other.model != champion.model)
    count = len(anchor.scored_otherwise(challenger, others, gate.benchmark))
    if gate.kind != "not_worse_than_best" or not count:
        return result
    return result.model_copy(update={"reason": f"{result.reason} {reasons.left_out(count)}"})


def _judge(gate: Gate, challenger: Evaluation, champion: Evaluation | None, grounds: Grounds, parts: int) -> GateResult:
    scores = challenger.scores.get(gate.benchmark, ())
    if gate.kind == "absent" and not scores and challenger.claims == ():
        return _result(gate, Outcome.PASS, reasons.NO_CLAIMS)
    if doubt := _doubt(scores):
        return _result(gate, Outcome.INCONCLUSIVE, doubt)
    if few := _too_few(gate, scores):
        return _open(gate, few)
    budget = grounds.budgets.get(gate.benchmark)
    if gate.kind in COUNTED:
        return _judge_count(gate, scores, budget if gate.kind == "none_unsafe" else None)
    if champion is None:
        return _result(gate, Outcome.INCONCLUSIVE, reasons.NO_INCUMBENT)
    if doubt := _doubt_about(gate, challenger, champion):
        return _result(gate, Outcome.INCONCLUSIVE, doubt)
    against = [(challenger, champion)]
    for asked, other in _earlier(gate, challenger, grounds.champions):
        if few := _too_few(gate, asked.scores[gate.benchmark]):
            return _result(gate, Outcome.INCONCLUSIVE, few)
        if doubt := _doubt_about(gate, asked, other):
            return _result(gate, Outcome.INCONCLUSIVE, doubt)
        against.append((asked, other))
    known = [_known(gate, asked, other) for asked, other in against]
    if gate.if_asked:  # whoever knew nothing has nothing to be compared with
        against = [pair for pair, mean in zip(against, known, strict=True) if mean >= (gate.floor or 0.0)]
        if not against:
            return _open(gate, reasons.nobody_knew(max(known), gate.floor or 0.0))
    elif gate.floor is not None and min(known) < gate.floor:
        return _result(gate, Outcome.INCONCLUSIVE, reasons.nothing_to_lose(min(known), gate.floor))
    results = [_judge_change(gate, asked, other, budget, parts) for asked, other in against]
    return min(results, key=lambda result: (_WORST_FIRST.index(result.outcome), result.low or 0.0))


def _earlier(
    gate: Gate, challenger: Evaluation, champions: Sequence[Evaluation]
) -> Iterator[tuple[Evaluation, Evaluation]]:
    """Yield each earlier champion with the challenger's evaluation on the questions that both were asked.

    A champion that was asked another set is left out if it shares too few questions with this one.
    """
    if gate.kind != "not_worse_than_best":
        return
    for other in anchor.references(challenger, champions, gate.benchmark):
        scores = anchor.common(challenger, other, gate.benchmark)
        if anchor.same_items(challenger, other, gate.benchmark) or not _too_few(gate, scores):
            yield challenger.model_copy(update={"scores": {**challenger.scores, gate.benchmark: scores}}), other


def _doubt(scores: Sequence[Score]) -> str:
    """Return why the challenger's scores cannot be judged; empty if they can."""
    if not scores:
        return reasons.NOT_ASKED
    if len({score.sample_id for score in scores}) != len(scores):
        return reasons.SCORED_TWICE
    if not all(math.isfinite(score.value) for score in scores):
        return reasons.NOT_A_NUMBER
    return reasons.ANSWERED_BY_RULES if all(score.by == "rule" for score in scores) else ""


def _too_few(gate: Gate, scores: Sequence[Score]) -> str:
    """Return whether the gate needs more questions, or questions about more documents, as a sentence; else empty."""
    if len(scores) < gate.min_samples:
        return reasons.too_few(len(scores), gate.min_samples)
    if gate.min_documents is not None and (about := documents(scores)) < gate.min_documents:
        return reasons.too_few_documents(about, gate.min_documents)
    return ""


def _doubt_about(gate: Gate, challenger: Evaluation, other: Evaluation) -> str:
    """Return why the scores of another model cannot be compared with the challenger's; empty if they can."""
    scores, asked = other.scores.get(gate.benchmark, ()), challenger.scores[gate.benchmark]
    if len({score.sample_id for score in scores}) != len(scores):
        return reasons.SCORED_TWICE
    same = (gate.benchmark in challenger.faults) == (gate.benchmark in other.faults)
    if gate.benchmark in challenger.digests and gate.kind == "not_worse_than_best":
        # What is right no longer is not asked again.
        same = same and len(anchor.common(challenger, other, gate.benchmark)) == len(asked)
    else:
        digests = other.digests.get(gate.benchmark), challenger.digests.get(gate.benchmark)
        same = same and {score.sample_id for score in scores} == {score.sample_id for score in asked}
        same = same and digests[0] == digests[1] and (digests[1] is not None or challenger.examples == other.examples)
    if not same:
        return reasons.OTHER_ITEMS
    finite = all(math.isfinite(value) for value in _values(gate, challenger, other))
    return "" if finite else reasons.INCUMBENT_NOT_A_NUMBER


def _values(gate: Gate, challenger: Evaluation, other: Evaluation) -> list[float]:
    """Return what another model scored on each of the challenger's questions, in their order."""
    scores = {score.sample_id: score.value for score in other.scores[gate.benchmark]}
    return [scores[score.sample_id] for score in challenger.scores[gate.benchmark]]


def _known(gate: Gate, challenger: Evaluation, other: Evaluation) -> float:
    """Return the mean of another model on the challenger's questions, on a scale on which higher is better."""
    values = comparisons.goodness(gate.benchmark, _values(gate, challenger, other), challenger.faults)
    return math.fsum(values) / len(values)


def _judge_count(gate: Gate, scores: Sequence[Score], budget: Budget | None) -> GateResult:
    """Judge a count of faults. Those of `none_unsafe` are counted by cluster, at the level that the budget leaves.

    Those of `absent` are counted by question: the claims that were asked are all the claims there are, and only the
    phrasings are a sample. They do not spend (docs/judging.md).
    """
    explain = {"none_unsafe": reasons.unsafe_replies, "absent": reasons.assertions}[gate.kind]
    faults = sum(score.value > 0 for score in scores)
    looks = len(scores) if gate.kind == "absent" else documents(scores)
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
    old, new = (
        comparisons.goodness(gate.benchmark, values, challenger.faults)
        for values in (_values(gate, challenger, other), [score.value for score in scores])
    )
    clusters = [score.cluster for score in scores]
    alpha = (statistics.ALPHA if budget is None else budget.level) / parts
    difference = statistics.paired_difference(new, old, clusters, alpha)
    outcome, reason = comparisons.judge(gate, difference)
    worn = gate.wears and budget is not None and budget.worn
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


def _open(gate: Gate, reason: str) -> GateResult:
    """Return the result of a gate that has too little to judge: only a gate on what need not be asked passes."""
    if gate.if_asked:
        return _result(gate, Outcome.PASS, reasons.holds_nobody(reason))
    return _result(gate, Outcome.INCONCLUSIVE, reason)


def _result(
    gate: Gate, outcome: Outcome, reason: str, upper: float | None = None, budget: Budget | None = None
) -> GateResult:
    return GateResult(
        name=gate.name, outcome=outcome, reason=reason, benchmark=gate.benchmark, upper=upper, budget=budget
    )
