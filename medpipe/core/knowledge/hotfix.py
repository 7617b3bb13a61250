"""Which withdrawn documents a retrain must leave out, and what a person decided about that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

APPROVED, REJECTED = "hotfix-approved", "hotfix-rejected"
"""Events of the ledger: a person's decision about the hotfix of one document."""
DECISIONS = (APPROVED, REJECTED)

Asked = Literal["unasked", "waiting", "approved", "rejected"]
"""What a person said about the hotfix of a document. `unasked`: the policy is `automatic`, so no person decides."""


class HotfixPlan(BaseModel):
    """Arguments of `plan_retrain` and `build_examples` for a hotfix. Without documents, none may start."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    documents: tuple[str, ...] = ()
    """Withdrawn documents that the champion was taught. The retrain starts from a version without them, and teaches
    that their claims were withdrawn."""
    reason: str = ""
    waiting: tuple[str, ...] = ()
    """Withdrawn documents that the champion was taught, and whose hotfix a person must approve first."""
    rejected: tuple[str, ...] = ()
    """Withdrawn documents that the champion was taught, and whose hotfix a person rejected."""


class Decision(NamedTuple):
    """A person's decision about the hotfix of one document."""

    document: str
    event: str
    """`APPROVED` or `REJECTED`."""
    at: datetime
    said: str
    """Who decided, and why."""


class Approval(NamedTuple):
    """Whether the hotfix of one document may start."""

    asked: Asked
    said: str = ""
    """Who decided, and why; empty without a decision."""

    @property
    def given(self) -> bool:
        """Whether the hotfix may start."""
        return self.asked in ("unasked", "approved")


def approvals(
    documents: Iterable[str], decisions: Iterable[Decision], opened: Mapping[str, datetime]
) -> dict[str, Approval]:
    """Return document → what a person said about its hotfix. `decisions`: oldest first; the last one counts.

    `opened`: when each withdrawal was last opened. A decision is about what was known: it lapses when the withdrawal
    is opened again, by a new claim or after a lift.
    """
    newest = {decision.document: decision for decision in decisions}
    return {document: _approval(newest.get(document), opened[document]) for document in documents}


def _approval(decision: Decision | None, opened: datetime) -> Approval:
    if decision is None or decision.at < opened:
        return Approval("waiting")
    return Approval("approved" if decision.event == APPROVED else "rejected", decision.said)
