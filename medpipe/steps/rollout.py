"""From a registered version to the served one, and back: champion, promote, deploy, restore, roll_back."""

from __future__ import annotations

from collections.abc import Sequence

from medpipe import records
from medpipe.core.judging.evaluation import Evaluation, Sample
from medpipe.core.knowledge import lineage
from medpipe.core.refs import BASE, DecisionRef, VersionRef
from medpipe.errors import ChampionMoved, MedpipeError
from medpipe.ports import Ports
from medpipe.steps import deployment as deploying
from medpipe.steps.artifact import facts
from medpipe.steps.tracing import trace

SMOKE_QUESTIONS = 5


def champion(*, ports: Ports) -> VersionRef | None:
    """The champion in force. A look at the edge: verbs take what it returns as an argument."""
    found = ports.ledger.champion()
    return None if found is None else VersionRef(found)


def promote(
    version: VersionRef, decision: DecisionRef, expected: VersionRef | None = None, *, ports: Ports
) -> VersionRef | None:
    """Make a version champion if its decision is a pass and the champion is still `expected`.

    Returns the champion in force afterwards: `version` when promoted, `expected` when held. Raises
    ChampionMoved when somebody else promoted in between, since the comparison is then out of date.
    """
    judged, described = facts(ports, decision), facts(ports, version)
    if described["decision"] != decision:
        raise MedpipeError(f"{decision} did not judge {version} ({described['decision']} did)")
    if ports.ledger.champion() == version:  # a run that was killed after the swap: only the alias may lag
        ports.registry.set_champion(int(described["number"]))
        return version
    reasons: Sequence[str] = judged["reasons"]
    if judged["outcome"] != "pass":
        ports.ledger.append("held", version, str(judged["outcome"]), reasons)
        ports.registry.tag(int(described["number"]), {"medpipe.outcome": f"held ({judged['outcome']})"})
        return expected
    if not ports.ledger.swap_champion(expected, version, decision, reasons):
        raise ChampionMoved(
            f"{version} was judged against {expected or 'no champion'}, but the champion is now "
            f"{ports.ledger.champion()}: run the retrain DAG again to compare with that one"
        )
    ports.registry.set_champion(int(described["number"]))
    return version


def deploy(version: VersionRef | None, *, ports: Ports) -> VersionRef | None:
    """Load the version in the engine, ask smoke questions, switch the route, drain and unload the previous one.

    Does nothing when there is no version, or when it serves already. Raises DeployFailed after putting
    back what served before.
    """
    if version is None:
        return None
    described = facts(ports, version)
    deploying.deploy(
        version,
        ports.store.folder(described["adapter"]),
        str(described["name"]),
        _smoke(ports, version),
        ports,
        decision=str(described["decision"]),
    )
    return version


def restore(version: VersionRef | None, reason: str, *, ports: Ports) -> VersionRef | None:
    """Undo a promotion that did not go live: make the champion before it champion again, and serve that.

    Changes nothing when `version` is not the champion (it was held, somebody else promoted, or there is
    none). Returns the champion in force; running it again ends in the same.
    """
    if version is not None and ports.ledger.champion() == version:
        previous = str(facts(ports, version)["incumbent"])
        if previous == BASE:
            raise MedpipeError(
                f"{version} is the first champion, so there is none to put back: "
                "see why it did not go live, then deploy it again"
            )
        _put_back(version, VersionRef(previous), reason, ports)
    return deploy(champion(ports=ports), ports=ports)


def roll_back(reason: str, documents: tuple[str, ...] = (), *, ports: Ports) -> VersionRef:
    """Put the newest earlier champion back that never learned `documents` (none named: the one before)."""
    current = champion(ports=ports)
    if current is None:
        raise MedpipeError("there is no champion to roll back from")
    tainted = {current, *(facts(ports, trace(documents, ports=ports))["versions"] if documents else ())}
    before = {found.ref: str(found.facts["incumbent"]) for found in ports.store.manifests("version")}
    earlier = lineage.untainted_ancestor(current, before, tainted)
    if earlier is None:
        raise MedpipeError(
            f"every earlier champion carries {', '.join(documents) or 'the fault'}, or there is none: "
            "start a hotfix retrain from the base instead"
        )
    _put_back(current, VersionRef(earlier), reason, ports)
    deploy(VersionRef(earlier), ports=ports)
    return VersionRef(earlier)


def _put_back(current: VersionRef, earlier: VersionRef, reason: str, ports: Ports) -> None:
    described = facts(ports, earlier)
    if not ports.ledger.swap_champion(current, earlier, str(described["decision"]), (reason,), event="rolled-back"):
        raise ChampionMoved(f"the champion is no longer {current}; look at it, then roll back again")
    ports.registry.set_champion(int(described["number"]))


def _smoke(ports: Ports, version: VersionRef) -> list[Sample]:
    """Questions that the version answered right when it was judged: it must still do so in the engine."""
    described = facts(ports, version)
    folder = ports.store.folder(described["evaluation"])
    judged = Evaluation.model_validate_json((folder / "evaluation.json").read_text(encoding="utf-8"))
    right = {
        score.sample_id
        for name in ("new-knowledge", "old-knowledge")
        for score in judged.scores.get(name, ())
        if score.value == 1.0
    }
    benchmarks = ports.store.folder(described["examples"]) / "benchmarks"
    samples = [
        sample
        for name in ("new-knowledge", "old-knowledge")
        for sample in records.read(benchmarks / f"{name}.jsonl", Sample)
    ]
    return [sample for sample in samples if sample.id in right][:SMOKE_QUESTIONS]
