"""The register of withdrawals: what was opened, blocked, unlearned, certified or lifted, folded from its events.

A withdrawal is of one document. It is never erased: once opened, it ends only by being lifted, and it can be opened
again after that. Its claims are asked in every evaluation for as long as it is not lifted.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from medpipe.core.teaching.claim import Claim


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class State(StrEnum):
    """How far a withdrawal has come, in this order; `LIFTED` ends it from any of them."""

    OPENED = "opened"
    """Known; nothing protects from it yet."""
    BLOCKED = "blocked"
    """Every live gateway withholds the claims."""
    UNLEARNED = "unlearned"
    """The champion was trained without the document."""
    CERTIFIED = "certified"
    """The champion was asked the claims at the precisions that may serve, and asserts none."""
    LIFTED = "lifted"
    """The publisher or a person took the withdrawal back: the document may be taught again."""


class WithdrawalEvent(_Value):
    """One entry of the register. Entries are only appended."""

    document: str
    state: State
    at: datetime
    reason: str
    by: str = ""
    """`medpipe` for what a run found; else who decided."""
    evidence: str = ""
    """The ref or the notice that the entry rests on. When a person lifts: those that were known then, with spaces."""
    revision: int = 0
    """The revision of the document (or of the notice) that says so.

    When a person lifts: the highest that was known then. 0 when a person opens, or lifts what no publisher took back.
    """
    claims: tuple[Claim, ...] = ()
    """For `OPENED` only: what the document said in every revision that was ever taught."""


class Withdrawal(_Value):
    """A withdrawn document in its present state."""

    document: str
    state: State
    reason: str
    """Why it was opened."""
    opened_at: datetime
    claims: tuple[Claim, ...]
    events: tuple[WithdrawalEvent, ...]
    """Every entry about the document, oldest first."""

    @property
    def in_force(self) -> bool:
        """Whether the claims must neither be taught nor served."""
        return self.state is not State.LIFTED


def fold(events: Iterable[WithdrawalEvent]) -> tuple[Withdrawal, ...]:
    """Return every withdrawal in its present state, by document id. `events` in the order of the register.

    Claims accumulate: opening a withdrawal again adds claims and never loses one. An entry about a document that was
    never opened is ignored. A state never falls back, except that opening again (after a lift, or with new claims)
    makes it opened.
    """
    by_document: dict[str, Withdrawal] = {}
    for event in events:
        before = by_document.get(event.document)
        if event.state is State.OPENED:
            by_document[event.document] = _opened(event, before)
        elif before is not None and before.in_force:
            order = list(State)
            later = max(before.state, event.state, key=order.index)
            by_document[event.document] = before.model_copy(update={"state": later, "events": (*before.events, event)})
    return tuple(by_document[document] for document in sorted(by_document))


def claims(withdrawals: Iterable[Withdrawal]) -> tuple[Claim, ...]:
    """Return every claim that must neither be taught nor served, each once, in the order of documents."""
    return tuple(
        dict.fromkeys(claim for withdrawal in withdrawals if withdrawal.in_force for claim in withdrawal.claims)
    )


def _opened(event: WithdrawalEvent, before: Withdrawal | None) -> Withdrawal:
    known = before.claims if before else ()
    added = tuple(dict.fromkeys((*known, *event.claims)))
    stays = before is not None and before.in_force and added == known
    return Withdrawal(
        document=event.document,
        state=before.state if before is not None and stays else State.OPENED,
        reason=before.reason if before is not None and before.in_force else event.reason,
        opened_at=before.opened_at if before is not None and before.in_force else event.at,
        claims=added,
        events=(*(before.events if before else ()), event),
    )
