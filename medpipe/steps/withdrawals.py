"""The register of withdrawals, as the other verbs read it."""

from __future__ import annotations

from medpipe.core.knowledge import withdrawals
from medpipe.core.knowledge.withdrawals import Withdrawal
from medpipe.core.naming import shortened
from medpipe.core.teaching.claim import Claim
from medpipe.errors import UsageError
from medpipe.ports import Ports


def register(ports: Ports) -> tuple[Withdrawal, ...]:
    """Return every withdrawal in its present state, lifted ones too."""
    return withdrawals.fold(ports.withdrawals.events())


def claims_in_force(ports: Ports) -> tuple[Claim, ...]:
    """Return every claim that must neither be taught nor served, and that every evaluation asks."""
    return withdrawals.claims(register(ports))


def in_force(ports: Ports, document: str) -> Withdrawal:
    """Return the withdrawal of a document. Raises UsageError when none is in force."""
    for withdrawal in register(ports):
        if withdrawal.document == document and withdrawal.in_force:
            return withdrawal
    raise UsageError(f"no withdrawal of {shortened(document)} is in force; `medpipe list-withdrawals` lists them")
