"""The register of withdrawals, as the other verbs read it."""

from __future__ import annotations

from medpipe.core.knowledge import withdrawals
from medpipe.core.knowledge.withdrawals import Withdrawal
from medpipe.core.teaching.claim import Claim
from medpipe.ports import Ports


def register(ports: Ports) -> tuple[Withdrawal, ...]:
    """Return every withdrawal in its present state, lifted ones too."""
    return withdrawals.fold(ports.withdrawals.events())


def claims_in_force(ports: Ports) -> tuple[Claim, ...]:
    """Return every claim that must neither be taught nor served, and that every evaluation asks."""
    return withdrawals.claims(register(ports))
