"""Hold evidence twins to limits: a model that ignores the passage is stopped, and one that moves at anything, too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from medpipe.core.judging.comparisons import Outcome
from medpipe.core.judging.evaluation import Metric, Score
from medpipe.core.judging.evidence import figures
from medpipe.core.judging.gate_result import GateResult
from medpipe.core.judging.limits import at_least, interval, percent
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
    seen = f"{percent(found.value)} of {found.n} answers {what} ({interval(found.low, found.high)})"
    outcome, reason = at_least(seen, found.value, found.low, least)
    return GateResult(
        name=name,
        outcome=outcome,
        reason=reason,
        benchmark=gate.benchmark,
        low=found.low,
        high=found.high,
    )
