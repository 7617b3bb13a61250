"""The register of withdrawals, as the other verbs read it, and what a person's decision about it needs."""

from __future__ import annotations

import re

from medpipe.core import sources
from medpipe.core.knowledge import withdrawals
from medpipe.core.knowledge.opening import MEDPIPE
from medpipe.core.knowledge.withdrawals import State, Withdrawal
from medpipe.core.manifests import CertificateManifest
from medpipe.core.naming import shortened
from medpipe.core.teaching.claim import Claim
from medpipe.errors import UsageError
from medpipe.ports import Ports

_NAME_CHARS = 200
_ID = re.compile(r"[^\s\x00]{1,200}")


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


def certificate_of(ports: Ports, withdrawal: Withdrawal) -> CertificateManifest | None:
    """Return the newest certificate of a withdrawal that is certified; None without one."""
    certified = [event.evidence for event in withdrawal.events if event.state is State.CERTIFIED]
    stored = ports.store.find(certified[-1]) if certified and withdrawal.state is State.CERTIFIED else None
    return stored if isinstance(stored, CertificateManifest) else None


def certified_version(ports: Ports, withdrawal: Withdrawal) -> str:
    """Return the version that the newest certificate of a withdrawal is about; empty without one."""
    certificate = certificate_of(ports, withdrawal)
    return certificate.inputs.version if certificate else ""


def check_id(document: str) -> None:
    """Raise UsageError for what can be no document's id: without the prefix of a source, too long, or unprintable."""
    if not _ID.fullmatch(document) or not document.isprintable() or sources.of_document(document) is None:
        raise UsageError(
            f"{shortened(document)} is not the id of a document: give it with its source's prefix, such as "
            "pmid:38211234 or mplus:6308"
        )


def check_decision(reason: str, by: str) -> None:
    """Raise UsageError for a decision without a reason or without the name of the person who decides."""
    if not reason.strip() or not by.strip() or "\0" in reason + by or len(by) > _NAME_CHARS:
        raise UsageError(f"a decision needs a reason and the name of who decided (at most {_NAME_CHARS} characters)")
    if by.strip().casefold() == MEDPIPE:
        raise UsageError(f"by={by!r} stands for what runs decide: give the name of the person who decides")
