"""What one gate says of a challenger."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from medpipe.core.judging.budget import Budget
from medpipe.core.judging.comparisons import Outcome


class GateResult(BaseModel):
    """The outcome of one gate with its reason, and the difference with its interval where two models were compared."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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
