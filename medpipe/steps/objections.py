"""What speaks against a promotion, apart from the champion: a bar, the decision, a withdrawal that was never asked."""

from __future__ import annotations

from typing import NamedTuple

from medpipe.core.judging.gates import Outcome
from medpipe.core.manifests import DecisionManifest, DecisionOutcome, EvaluationManifest, VersionManifest
from medpipe.core.refs import VersionRef
from medpipe.ports import Ports
from medpipe.steps import withdrawals
from medpipe.steps.artifact import manifest
from medpipe.steps.tracing import versions_carrying

BARRED, WITHDRAWN, OUT_OF_DATE = "barred", "withdrawn", "out of date"
"""Kinds of objections beside the outcomes of a decision."""
_ABSENT = "absent withdrawn"
"""Name of the gate that asks every withdrawn claim (`core.judging.gates.Gate.name`)."""


class Objection(NamedTuple):
    """Why a version is held."""

    kind: str
    """`fail`, `inconclusive`, `barred`, `withdrawn` or `out of date`."""
    reasons: tuple[str, ...]


def objection(version: VersionRef, ports: Ports) -> Objection | None:
    """Return what speaks against a promotion of the version, whoever is champion; None when nothing does."""
    registered = manifest(ports, version, VersionManifest).outcome
    judged = manifest(ports, registered.decision, DecisionManifest).outcome
    bar = ports.ledger.barred().get(version)
    if bar is not None:
        return Objection(BARRED, (f"{version} is barred: {bar}",))
    if judged.outcome is not Outcome.PASS:
        return Objection(str(judged.outcome), judged.reasons or (f"the decision is {judged.outcome}",))
    unasked = _unasked(version, registered.evaluation, judged, ports)
    if unasked:
        carried = (
            f"{version} carries {', '.join(unasked)}, which was withdrawn, and it was not asked the withdrawn claim"
        )
        return Objection(WITHDRAWN, (f"{carried}: retrain without it, and have that judged",))
    return None


def _unasked(version: VersionRef, evaluation: str, judged: DecisionOutcome, ports: Ports) -> tuple[str, ...]:
    """Return the withdrawn documents in force that the version carries and was not asked, or not successfully."""
    evaluated = manifest(ports, evaluation, EvaluationManifest).created_ns / 1e9
    passed = any(gate.name == _ABSENT and gate.outcome is Outcome.PASS for gate in judged.gates)
    unasked = [
        withdrawal.document
        for withdrawal in withdrawals.register(ports)
        if withdrawal.in_force and not (passed and withdrawal.claimed_at.timestamp() < evaluated)
    ]
    if version not in versions_carrying(tuple(unasked), ports=ports):
        return ()
    return tuple(document for document in unasked if version in versions_carrying((document,), ports=ports))
