"""What speaks against a promotion, apart from the champion.

A bar, the decision, a plan for another purpose, a changed way of serving, a withdrawn claim that was not asked.
"""

from __future__ import annotations

from typing import NamedTuple

from medpipe.core.contract import ServingContract
from medpipe.core.judging.gates import Outcome
from medpipe.core.manifests import (
    AdapterManifest,
    DecisionManifest,
    DecisionOutcome,
    ExamplesManifest,
    VersionManifest,
    VersionOutcome,
)
from medpipe.core.refs import BASE, EvaluationRef, VersionRef
from medpipe.core.teaching.samples import withdrawn_samples
from medpipe.ports import Ports
from medpipe.steps import carried, withdrawals
from medpipe.steps.artifact import manifest
from medpipe.steps.erased import erased_pairs
from medpipe.steps.evaluation import scores_of
from medpipe.steps.judging import FIRST
from medpipe.steps.samples import WITHDRAWN as WITHDRAWN_CLAIMS

_UNLEARNING = ("hotfix", "relearn")
BARRED, WITHDRAWN, OUT_OF_DATE, UNFIT_PLAN = "barred", "withdrawn", "out of date", "unfit plan"
"""Kinds of objections beside the outcomes of a decision."""
_ABSENT = "absent withdrawn"
"""Name of the gate that asks every withdrawn claim (`core.judging.gates.Gate.name`)."""


class Objection(NamedTuple):
    """Why a version is held."""

    kind: str
    """`fail`, `inconclusive`, `barred`, `unfit plan`, `out of date` or `withdrawn`."""
    reasons: tuple[str, ...]


def objection(version: VersionRef, ports: Ports) -> Objection | None:
    """Return what speaks against a promotion of the version, whoever is champion; None when nothing does."""
    registered = manifest(ports, version, VersionManifest).outcome
    judged = manifest(ports, registered.decision, DecisionManifest).outcome
    bar = ports.ledger.barred().get(version)
    if bar is not None:
        return Objection(BARRED, (f"{version} is barred: {bar.reasons[0]}",))
    if judged.outcome is not Outcome.PASS:
        return Objection(str(judged.outcome), judged.reasons or (f"the decision is {judged.outcome}",))
    if reason := _unfit_plan(registered, judged.plan, ports):
        return Objection(UNFIT_PLAN, (f"{version} was judged by the plan {judged.plan!r}, {reason}",))
    if changed := _changed(registered.contract, ports):
        again = "evaluate it again as it would serve, and have that compared and registered"
        return Objection(OUT_OF_DATE, (f"{version} was judged with {', '.join(changed)}: {again}",))
    if unasked := _unasked(version, registered.evaluation, judged, ports):
        taught = (
            f"{version} carries {', '.join(unasked)}, which was withdrawn, and it was not asked the withdrawn claim"
        )
        return Objection(WITHDRAWN, (f"{taught}: retrain without it, and have that judged",))
    return None


def _unfit_plan(version: VersionOutcome, plan: str, ports: Ports) -> str:
    """Return why a promotion plan is not for such a version; empty if it is.

    Plans that ask for no gain are for versions that were made for another purpose, and can be seen to be.
    """
    trained = manifest(ports, version.adapter, AdapterManifest).outcome
    if plan != FIRST and version.incumbent == BASE:
        return f"and its incumbent is the base: only {FIRST!r} compares with the base"
    if plan == FIRST and version.incumbent != BASE:
        return f"which is for the first promotion only, and its incumbent is {version.incumbent}: use plan_retrain's"
    forgets = plan == "relearn" and bool(erased_pairs(ports, version.incumbent))
    if (plan == "preference") != (trained.method != "sft") and not forgets:
        return f"and its method is {trained.method}: `preference` judges DPO and KTO, and nothing else does"
    asserted = _asserted(version, ports) if plan in _UNLEARNING else {}
    if plan == "hotfix" and not asserted:
        return f"which is for a withdrawal, and its examples withdraw nothing that {version.incumbent} was taught"
    if plan == "relearn" and any(asserted.values()):
        return "which is for what is learned again, and its examples withdraw documents: `hotfix` judges that"
    if plan == "other-base" and trained.start_from != BASE:
        return f"which is for a training from the base, and it continued {trained.start_from}"
    return _unfit_start(version.incumbent, trained.start_from, plan, ports)


def _asserted(version: VersionOutcome, ports: Ports) -> dict[str, bool]:
    """Return which of the documents that a version's examples withdraw its incumbent was taught, and asserts still."""
    withdrawn = manifest(ports, version.examples, ExamplesManifest).inputs.withdraw
    return carried.still_asserted(ports, version.incumbent, withdrawn)


def _unfit_start(incumbent: str, start: str, plan: str, ports: Ports) -> str:
    """Return why a promotion plan is not for a training that continued `start`; empty if it is.

    A training unlearns by starting from the base or from an earlier adapter of its incumbent's line. What was erased
    of pairs is unlearned in that way too, under the plan for whatever else the training learns.
    """
    if BASE in (start, incumbent) or plan == "hotfix":
        return ""
    newest, *earlier = (adapter.ref for adapter in carried.line_of(ports, incumbent))
    if plan == "relearn" and start not in earlier:
        return f"which is for what is unlearned first, and it continued {start}, so it unlearned nothing of {incumbent}"
    unlearns_erased = start in earlier and erased_pairs(ports, incumbent)
    if plan != "relearn" and start != newest and not unlearns_erased:
        return f"and it continued {start}, not {incumbent}: only `relearn` and `hotfix` judge a training that went back"
    return ""


def _changed(contract: ServingContract, ports: Ports) -> list[str]:
    """Return what serves in another way at present than when a version was judged."""
    present = {
        "another guardrail policy": (contract.guardrails, ports.guardrails.digest),
        "another precision": (contract.precision, ports.generator.precision),
        "other files of the base": (contract.base_digest, ports.base_digest(contract.base)),
    }
    return [f"{what} ({then}) than serves ({now})" for what, (then, now) in present.items() if then != now]


def _unasked(version: VersionRef, evaluation: str, judged: DecisionOutcome, ports: Ports) -> tuple[str, ...]:
    """Return the withdrawn documents in force that the version was taught, and was not asked about successfully."""
    scores = scores_of(ports, EvaluationRef(evaluation))
    passed = any(gate.name == _ABSENT and gate.outcome is Outcome.PASS for gate in judged.gates)
    asked = {score.sample_id for score in scores.scores.get(WITHDRAWN_CLAIMS, ())} if passed else set()
    unasked = [
        withdrawal.document
        for withdrawal in withdrawals.register(ports)
        if withdrawal.in_force
        and not (
            withdrawal.document in (scores.claims or ())
            and asked.issuperset(sample.id for sample in withdrawn_samples(withdrawal.claims))
        )
    ]
    roles = carried.roles(ports, version, unasked)
    return tuple(document for document in unasked if "taught" in roles.get(document, ()))
