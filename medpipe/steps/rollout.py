"""From a registered version to the served one, and back: champion, promote, deploy, restore, roll_back."""

from __future__ import annotations

from medpipe import records
from medpipe.core.judging.evaluation import Sample
from medpipe.core.judging.gates import Outcome
from medpipe.core.knowledge import lineage
from medpipe.core.manifests import DecisionManifest, VersionManifest, VersionOutcome
from medpipe.core.refs import BASE, DecisionRef, EvaluationRef, VersionRef
from medpipe.errors import ChampionMoved, MedpipeError, UsageError
from medpipe.ports import Ports
from medpipe.steps import deployment
from medpipe.steps.artifact import check_kind, manifest
from medpipe.steps.evaluation import scores_of
from medpipe.steps.tracing import versions_carrying

SMOKE_QUESTIONS = 5
"""Questions that a deployment asks. More make it slower and catch little more."""
_SMOKE_BENCHMARKS = ("new-knowledge", "old-knowledge")


def champion(*, ports: Ports) -> VersionRef | None:
    """Return the champion in force. Reads mutable state: pass the result to the other verbs."""
    version = ports.ledger.champion()
    return None if version is None else VersionRef(version)


def promote(
    version: VersionRef, decision: DecisionRef, expected: VersionRef | None = None, *, ports: Ports
) -> VersionRef | None:
    """Make a version champion if its decision is a pass and the champion is still `expected`.

    Returns the champion in force afterwards: `version` when it was promoted, `expected` when it was held. Raises
    ChampionMoved when somebody else promoted in between, since the comparison is then out of date, and UsageError
    when another decision judged the version.
    """
    registered = manifest(ports, version, VersionManifest).outcome
    judged = manifest(ports, decision, DecisionManifest).outcome
    if expected is not None:
        check_kind(expected, VersionManifest)
    if registered.decision != decision:
        raise UsageError(f"{decision} did not judge {version} ({registered.decision} did)")
    if ports.ledger.champion() == version:  # an earlier run was killed after the swap: only the alias may lag
        ports.registry.set_champion(registered.number)
        return version
    if judged.outcome is not Outcome.PASS:
        ports.ledger.append("held", version, str(judged.outcome), judged.reasons)
        ports.registry.tag(registered.number, {"medpipe.outcome": f"held ({judged.outcome})"})
        return expected
    if not ports.ledger.swap_champion(expected, version, decision, judged.reasons):
        raise ChampionMoved(
            f"{version} was judged against {expected or 'no champion'}, but the champion is now "
            f"{ports.ledger.champion()}: run the retrain DAG again to compare with that one"
        )
    ports.registry.set_champion(registered.number)
    return version


def deploy(version: VersionRef | None, *, ports: Ports) -> VersionRef | None:
    """Load the version in the engine, ask smoke questions, switch the route, drain and unload the previous one.

    Does nothing when there is no version, or when it serves already. Raises DeployFailed, after the version that
    served before serves again.
    """
    if version is None:
        return None
    registered = manifest(ports, version, VersionManifest).outcome
    deployment.deploy(
        version,
        ports.store.folder(registered.adapter),
        registered.name,
        registered.contract,
        _smoke(ports, registered),
        ports,
        decision=registered.decision,
    )
    return version


def restore(version: VersionRef | None, reason: str, *, ports: Ports) -> VersionRef | None:
    """Undo a promotion that did not go live: make the earlier champion champion again, and serve it.

    Changes nothing when `version` is not the champion (it was held, somebody else promoted, or there is no
    champion). Returns the champion in force. A second run ends in the same state.
    """
    if version is not None:
        check_kind(version, VersionManifest)
    if version is not None and ports.ledger.champion() == version:
        previous = manifest(ports, version, VersionManifest).outcome.incumbent
        if previous == BASE:
            raise MedpipeError(
                f"{version} is the first champion, so there is no earlier one to restore: "
                "find out why it did not go live, then deploy it again"
            )
        _put_back(version, VersionRef(previous), reason, ports)
    return deploy(champion(ports=ports), ports=ports)


def roll_back(reason: str, documents: tuple[str, ...] = (), *, ports: Ports) -> VersionRef:
    """Make the newest earlier champion champion again that never learned `documents`, and serve it.

    Without documents, that is the champion before the present one. Raises MedpipeError when there is none.
    """
    current = champion(ports=ports)
    if current is None:
        raise MedpipeError("there is no champion to roll back from: promote a version first")
    tainted = {current, *versions_carrying(documents, ports=ports)}
    incumbents = {version.ref: version.outcome.incumbent for version in ports.store.manifests(VersionManifest)}
    earlier = lineage.untainted_ancestor(current, incumbents, tainted)
    if earlier is None:
        raise MedpipeError(
            f"every earlier champion carries {', '.join(documents) or 'the fault'}, or there is none: "
            "start a hotfix retrain from the base instead"
        )
    _put_back(current, VersionRef(earlier), reason, ports)
    deploy(VersionRef(earlier), ports=ports)
    return VersionRef(earlier)


def _put_back(current: VersionRef, earlier: VersionRef, reason: str, ports: Ports) -> None:
    registered = manifest(ports, earlier, VersionManifest).outcome
    if not ports.ledger.swap_champion(current, earlier, registered.decision, (reason,), event="rolled-back"):
        raise ChampionMoved(f"the champion is no longer {current}; look at it, then roll back again")
    ports.registry.set_champion(registered.number)


def _smoke(ports: Ports, version: VersionOutcome) -> list[Sample]:
    """Return questions that the version answered right when it was evaluated: in the engine it must still do so."""
    scores = scores_of(ports, EvaluationRef(version.evaluation)).scores
    right = {score.sample_id for name in _SMOKE_BENCHMARKS for score in scores.get(name, ()) if score.value == 1.0}
    benchmarks = ports.store.folder(version.examples) / "benchmarks"
    samples = [sample for name in _SMOKE_BENCHMARKS for sample in records.read(benchmarks / f"{name}.jsonl", Sample)]
    return [sample for sample in samples if sample.id in right][:SMOKE_QUESTIONS]
