"""Which withdrawals a corpus opens and which it lifts, given the register and what was taught."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from medpipe.core.knowledge.withdrawals import State, Withdrawal, WithdrawalEvent
from medpipe.core.refs import is_ref
from medpipe.core.teaching.claim import Claim
from medpipe.core.text import normalise

MEDPIPE = "medpipe"
"""The `by` of entries that a run appends. No person can use it."""


class Sign(NamedTuple):
    """What says that a document was taken back."""

    reason: str
    revision: int
    """Of the record that says so."""
    evidence: str
    """The corpus in which the document's own record says so, or the id of the other record."""
    since: int = 0
    """The revision from which the record says so, where every delivery gives it a new one; else 0."""


def to_open(
    signs: Mapping[str, Sign], taught: Mapping[str, Sequence[Claim]], register: Mapping[str, Withdrawal], at: datetime
) -> list[WithdrawalEvent]:
    """Return the entries to append for documents that were taken back, sorted by document.

    `signs` and `register`: by document. `taught`: document → its claims, for documents that were ever taught; others
    need no withdrawal. A withdrawal that a person lifted is opened again only by a record that the person did not know,
    or by a later revision of one that the person knew.
    """
    return [
        WithdrawalEvent(
            document=document,
            state=State.OPENED,
            at=at,
            reason=sign.reason,
            by=MEDPIPE,
            evidence=sign.evidence,
            revision=sign.revision,
            claims=tuple(taught[document]),
        )
        for document, sign in sorted(signs.items())
        if document in taught and _opens(sign, taught[document], register.get(document))
    ]


def to_lift(
    current: Mapping[str, int], register: Mapping[str, Withdrawal], at: datetime, evidence: str
) -> list[WithdrawalEvent]:
    """Return the entries that lift what medpipe opened and the publisher took back since, sorted by document.

    `current`: document → revision of the record that opened its withdrawal, of documents that are current. The revision
    must be later than the one that opened the withdrawal: an older corpus lifts nothing. `evidence`: the corpus.
    """
    return [
        WithdrawalEvent(
            document=document,
            state=State.LIFTED,
            at=at,
            reason="current again: its publisher took the withdrawal back",
            by=MEDPIPE,
            evidence=evidence,
            revision=revision,
        )
        for document, revision in sorted(current.items())
        if document in register and liftable(register[document]) and revision > _own(register[document])[-1].revision
    ]


def liftable(withdrawal: Withdrawal) -> bool:
    """Return whether a later revision may lift a withdrawal: only runs opened it, no person."""
    openings = [event for event in _since_lift(withdrawal) if event.state is State.OPENED]
    return withdrawal.in_force and bool(openings) and all(event.by == MEDPIPE for event in openings)


def evidence_of(withdrawal: Withdrawal) -> str:
    """Return what the newest opening by a run rests on: a corpus, or the id of another record."""
    return _own(withdrawal)[-1].evidence


def _opens(sign: Sign, said: Sequence[Claim], withdrawal: Withdrawal | None) -> bool:
    if withdrawal is None:
        return True
    own, since_lift = _own(withdrawal), _since_lift(withdrawal)
    if withdrawal.in_force and own and own[-1] in since_lift:
        known = set(map(_content, withdrawal.claims))
        return any(_content(claim) not in known for claim in said)
    lifts = [event for event in withdrawal.events if event.state is State.LIFTED]
    taken_back = not withdrawal.in_force and lifts[-1].by == MEDPIPE
    revisions = [event.revision for event in (*own, *lifts) if _record(sign.evidence) in _records(event)]
    return taken_back or (sign.since or sign.revision) > max(revisions, default=0)


def _records(event: WithdrawalEvent) -> set[str]:
    """Return the records that an entry rests on; "" is the document's own."""
    return set(map(_record, event.evidence.split() or [""]))


def _record(evidence: str) -> str:
    return "" if is_ref(evidence) else evidence


def _own(withdrawal: Withdrawal) -> list[WithdrawalEvent]:
    return [event for event in withdrawal.events if event.state is State.OPENED and event.by == MEDPIPE]


def _since_lift(withdrawal: Withdrawal) -> tuple[WithdrawalEvent, ...]:
    lifts = [number for number, event in enumerate(withdrawal.events) if event.state is State.LIFTED]
    return withdrawal.events[lifts[-1] + 1 if lifts else 0 :]


def _content(claim: Claim) -> tuple[str, ...]:
    """Return what a claim says: two revisions that say the same make one claim."""
    return claim.question_type, normalise(claim.focus), normalise(claim.answer), claim.language
