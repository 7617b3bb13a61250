"""What the champion must unlearn, and whether it may: plan_hotfix, decide_hotfix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from medpipe.core.knowledge.hotfix import (
    APPROVED,
    DECISIONS,
    REJECTED,
    Approval,
    Asked,
    Decision,
    HotfixPlan,
    approvals,
)
from medpipe.core.knowledge.withdrawals import State
from medpipe.core.manifests import VersionManifest
from medpipe.core.refs import VersionRef
from medpipe.errors import UsageError
from medpipe.ports import Entry, Ports
from medpipe.steps import taught
from medpipe.steps.artifact import manifest
from medpipe.steps.withdrawals import certified_version, check_decision, in_force, register


def plan_hotfix(champion: VersionRef | None, *, ports: Ports) -> HotfixPlan:
    """Return the withdrawn documents that the champion was taught and that no certificate about it covers.

    Under the policy `approval`, those whose hotfix no person approved are `waiting` or `rejected`. The plan has no
    documents when there is no champion or nothing may be unlearned.
    """
    if champion is None:
        return HotfixPlan()
    manifest(ports, champion, VersionManifest)
    asked = approvals_of(champion, ports)
    documents = tuple(document for document, approval in asked.items() if approval.given)
    return HotfixPlan(
        documents=documents,
        reason=f"withdrawn and taught to the champion: {', '.join(documents)}" if documents else "",
        waiting=_answered("waiting", asked),
        rejected=_answered("rejected", asked),
    )


def decide_hotfix(
    documents: tuple[str, ...], decision: Literal["approve", "reject"], reason: str, by: str, *, ports: Ports
) -> list[str]:
    """Approve or reject the hotfix of withdrawn documents: a person's decision, in the ledger. Returns the documents.

    Counts under the policy `approval`, and until the withdrawal is opened again; of two decisions the last one counts.
    After a rejection no hotfix starts, and the block stays on. Raises UsageError when a document is not withdrawn, and
    when there is no champion that could unlearn it.
    """
    if not documents:
        raise UsageError("name the documents of the hotfix, such as pmid:38211234")
    check_decision(reason, by)
    for document in documents:
        in_force(ports, document)
    champion = ports.ledger.champion()
    if champion is None:
        raise UsageError("there is no champion, so nothing has to be unlearned")
    event = APPROVED if decision == "approve" else REJECTED
    for document in dict.fromkeys(documents):
        ports.ledger.append(event, champion, document, (reason.strip(),), by=by.strip())
    return list(dict.fromkeys(documents))


def approvals_of(champion: str | None, ports: Ports) -> dict[str, Approval]:
    """Return, for each withdrawn document that the champion must unlearn, whether its hotfix may start."""
    to_unlearn = _to_unlearn(champion, ports) if champion else ()
    if ports.withdrawal_policy.retrain == "automatic":
        return dict.fromkeys(to_unlearn, Approval("unasked"))
    opened = {
        known.document: next(event.at for event in reversed(known.events) if event.state is State.OPENED)
        for known in register(ports)
    }
    entries = reversed(ports.ledger.entries(None, DECISIONS))
    decisions = (Decision(entry.decision, entry.event, entry.at, _said(entry)) for entry in entries)
    return approvals(to_unlearn, decisions, opened)


def _said(entry: Entry) -> str:
    """Return who decided, and why. Entries of earlier releases have both in the reason."""
    return f"{entry.by}: {entry.reasons[0]}" if entry.by else entry.reasons[0]


def _to_unlearn(champion: str, ports: Ports) -> tuple[str, ...]:
    """Return the documents in force that the champion was taught, and that no certificate about it covers."""
    known = [withdrawal for withdrawal in register(ports) if withdrawal.in_force]
    carried = taught.claims_of([each.document for each in known], ports, taught.data_of(ports, champion))
    certified = {each.document for each in known if certified_version(ports, each) == champion}
    return tuple(document for document in carried if document not in certified)


def _answered(answer: Asked, asked: Mapping[str, Approval]) -> tuple[str, ...]:
    return tuple(document for document, approval in asked.items() if approval.asked == answer)
