"""Hold evidence twins to limits: a model that ignores the passage is stopped, and one that moves at anything, too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from medpipe.core.judging.comparisons import Outcome
from medpipe.core.judging.evaluation import Metric, Score
from medpipe.core.judging.evidence import figures
from medpipe.core.judging.gate_result import GateResult
from medpipe.core.judging.plan import Gate


def evidence_results(scores: Sequence[Score], gate: Gate) -> Iterator[GateResult]:
    """Yield what each limit of a gate of the kind `evidence` says of the scores of its benchmark.

    The limits hold the model and not its distance from a champion, so they do not spend from the error budget.
    """
    moved, stayed = figures.moved("moves", scores), figures.stayed("stays", scores)
    yield _at_least(gate, "moves", moved, gate.moves or 0.0, "changed when the evidence did")
    yield _at_least(gate, "stays", stayed, gate.stays or 0.0, "stayed the same when the evidence did")


def _at_least(gate: Gate, limit: str, found: Metric | None, least: float, what: str) -> GateResult:
    name = f"{gate.kind} {limit}"
    if found is None:
        reason = "No passage was asked about in this way."
        return GateResult(name=name, outcome=Outcome.INCONCLUSIVE, reason=reason, benchmark=gate.benchmark)
    seen = (
        f"{_percent(found.value)} of {found.n} answers {what} (95 % interval {_percent(found.low)} to "
        f"{_percent(found.high)})"
    )
    if found.value < least:
        outcome, verdict = Outcome.FAIL, f"at least {_percent(least)} is required"
    elif found.low < least:
        outcome, verdict = Outcome.INCONCLUSIVE, f"less than the required {_percent(least)} cannot be ruled out"
    else:
        outcome, verdict = Outcome.PASS, f"that is the required {_percent(least)} or more"
    return GateResult(
        name=name,
        outcome=outcome,
        reason=f"{seen}; {verdict}.",
        benchmark=gate.benchmark,
        low=found.low,
        high=found.high,
    )


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
