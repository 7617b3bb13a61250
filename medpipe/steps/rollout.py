"""From a registered version to the served one, and back: champion, promote, deploy, restore, roll_back.

The ledger's champion is the only answer to the question what serves. `promote`, `restore` and `roll_back` change it
in one transaction each; `deploy` makes the engine, the route and the registry's alias follow it.
"""

from __future__ import annotations

from collections.abc import Collection

from medpipe.core.judging.evaluation import Sample
from medpipe.core.knowledge import succession
from medpipe.core.knowledge.opening import MEDPIPE
from medpipe.core.manifests import DecisionManifest, VersionManifest, VersionOutcome
from medpipe.core.refs import BASE, VersionRef, digest_of
from medpipe.errors import ChampionMoved, Damaged, DeployFailed, MedpipeError, NotFound
from medpipe.ports import Ports, Route
from medpipe.steps import deployment
from medpipe.steps.artifact import check_kind, manifest
from medpipe.steps.canaries import answered_right
from medpipe.steps.objections import OUT_OF_DATE, Objection, objection
from medpipe.steps.unfit import unfit_versions
from medpipe.steps.withdrawals import check_decision

SMOKE_QUESTIONS = 5
"""Questions that a deployment asks. More make it slower and catch little more."""
HELD = "held"
"""Event of the ledger: somebody tried to promote a version, and something spoke against it."""
_ROUNDS = 20
"""How often a verb begins again because the champion or the route changed, before it gives up."""


def champion(*, ports: Ports) -> VersionRef | None:
    """Return the champion in force. Reads mutable state: pass the result to the other verbs."""
    version = ports.ledger.champion()
    return None if version is None else VersionRef(version)


def promote(version: VersionRef, *, ports: Ports) -> VersionRef | None:
    """Make a version the champion, if nothing speaks against it. Returns the champion in force afterwards.

    The version is held, with the reasons in the ledger, when it is barred, when its decision is not a pass or is by a
    plan for another purpose, when guardrails, precision or base are not those that it was judged with, or when it
    carries a withdrawn document whose claims it was not asked. Raises ChampionMoved when the champion is not the
    incumbent that the version was judged against; the ledger has that reason too.
    """
    registered = manifest(ports, version, VersionManifest).outcome
    expected = None if registered.incumbent == BASE else registered.incumbent
    for _ in range(_ROUNDS):
        if ports.ledger.champion() == version:
            break
        against = objection(version, ports)
        if against:
            _hold(version, registered, against, ports)
            return _followed(ports)
        reasons = manifest(ports, registered.decision, DecisionManifest).outcome.reasons
        if ports.ledger.swap_champion(expected, version, registered.decision, reasons):
            break
        current = ports.ledger.champion()
        if current not in (version, expected):
            moved = f"{version} was judged against {expected or 'no champion'}, but the champion is now {current}"
            _hold(version, registered, Objection(OUT_OF_DATE, (moved,)), ports)
            raise ChampionMoved(f"{moved}: run the retrain DAG again to compare with that one")
    else:
        raise ChampionMoved(f"the ledger refused {version} {_ROUNDS} times and changed meanwhile: promote again")
    ports.registry.tag(registered.number, {"medpipe.outcome": "promoted"})
    return _followed(ports)


def deploy(*, ports: Ports) -> VersionRef | None:
    """Make the engine, the route and the registry's alias serve the champion in force, and return it.

    May be run at any time, by anybody, and by two at once. Loads the champion in the engine, asks smoke questions,
    switches the route, drains and unloads what served before, and unloads adapters that killed deployments and
    evaluations left. Where the champion serves already, only leftovers are unloaded. When the champion changes
    meanwhile, the new one is deployed before this returns. None without a champion. Raises DeployFailed, after the
    version that served before serves again, and ConfigError, before anything changes, when the engine has another base
    than the champion: a merged one is served by an engine that was started with it.
    """
    for _ in range(_ROUNDS):
        version = champion(ports=ports)
        if version is None:
            return None
        try:
            route = _routed(version, ports)
        except DeployFailed:
            if champion(ports=ports) == version:
                raise
            continue
        if route and ports.routes.current() == route and _followed(ports) == version:
            return version
    raise ChampionMoved(f"the champion or the route changed {_ROUNDS} times during this deployment: deploy again")


def restore(version: VersionRef | None, reason: str, *, ports: Ports) -> VersionRef | None:
    """Undo a promotion that did not go live: bar the version, and serve the champion before it.

    Only deploys the champion in force when `version` is not the champion (it was held, somebody else promoted, or
    there is no champion), or when it went live. Returns the champion in force. A second run ends in the same state.
    The ledger says that medpipe itself did so, for this reason. Raises ConfigError, and changes nothing, when the
    engine has another base or cannot read the folders of adapters: then the version never had its chance.
    """
    if version is not None:
        check_kind(version, VersionManifest)
    if version is not None and ports.ledger.champion() == version and not _went_live(version, ports):
        _check_engine(version, ports)
        earlier = _earlier((), ports)
        if earlier is None:
            raise MedpipeError(
                f"{version} did not go live, and no earlier champion may serve in its stead: the earlier ones are "
                "barred, carry a withdrawn document that serving does not block yet, or do not exist. "
                "Find out why it did not go live, then deploy again"
            )
        _go_back(version, earlier, (reason,), MEDPIPE, ports)
    return deploy(ports=ports)


def roll_back(reason: str, by: str, documents: tuple[str, ...] = (), *, ports: Ports) -> VersionRef | None:
    """Bar the champion, make the newest earlier champion that may serve the champion again, and serve it.

    `by`: who decided; the ledger keeps it with the reason. An earlier champion may serve if it is not barred, carries
    none of `documents`, and carries no withdrawn document that serving does not block yet. Champions that an earlier
    rollback passed over are not returned to. The same reason and documents again, with no promotion in between, are
    the same rollback: it is completed if it was killed, and otherwise changes nothing. Returns the champion in force.
    Raises MedpipeError when no earlier champion may serve, and ChampionMoved when somebody else changed the champion.
    """
    check_decision(reason, by)
    request = (reason.strip(), *(f"without {document}" for document in sorted(documents)))
    changes = ports.ledger.entries(1, succession.CHANGES)
    if changes and (changes[0].event, changes[0].reasons) == (succession.ROLLED_BACK, request):
        ports.progress(1.0, "this rollback was made before; to go back further, give another reason")
    else:
        current = champion(ports=ports)
        if current is None:
            raise MedpipeError("there is no champion to roll back from: promote a version first")
        earlier = _earlier(documents, ports)
        if earlier is None:
            raise MedpipeError(
                f"every earlier champion is barred, carries {', '.join(documents) or 'an unblocked withdrawn document'}"
                ", or there is none: start a hotfix retrain from the base instead"
            )
        _go_back(current, earlier, request, by.strip(), ports)
    return deploy(ports=ports)


def _hold(version: VersionRef, registered: VersionOutcome, against: Objection, ports: Ports) -> None:
    key = f"held {version} {digest_of(against.reasons)}"
    ports.ledger.append(HELD, version, against.kind, against.reasons, key=key)
    ports.registry.tag(registered.number, {"medpipe.outcome": f"held ({against.kind})"})


def _followed(ports: Ports) -> VersionRef | None:
    """Make the registry's alias follow the champion, and return the champion in force.

    The registry keeps the last alias that was written, so the ledger is asked again after writing.
    """
    version = champion(ports=ports)
    while version is not None:
        ports.registry.set_champion(manifest(ports, version, VersionManifest).outcome.number)
        written, version = version, champion(ports=ports)
        if version == written:
            break
    return version


def _routed(version: VersionRef, ports: Ports) -> Route | None:
    registered = manifest(ports, version, VersionManifest).outcome
    return deployment.deploy(
        version,
        ports.store.folder(registered.adapter),
        registered.name,
        registered.contract,
        _smoke(ports, registered),
        ports,
        decision=registered.decision,
        only_champion=True,
    )


def _check_engine(version: VersionRef, ports: Ports) -> None:
    """Raise ConfigError when the engine can serve no such version. Weights at fault are the version's own."""
    registered = manifest(ports, version, VersionManifest).outcome
    try:
        folder = ports.store.folder(registered.adapter)
    except (Damaged, NotFound):
        return
    deployment.check_engine(folder, registered.name, registered.contract, ports)


def _went_live(version: VersionRef, ports: Ports) -> bool:
    """Return whether the route is at the version, and the deployment that switched it there came to its end."""
    route = ports.routes.current()
    if route is None or route.version != version:
        return False
    deployed = ports.ledger.entries(None, (deployment.DEPLOYED,), (version,))
    return any(deployment.mark(route) in entry.reasons for entry in deployed)


def _earlier(documents: Collection[str], ports: Ports) -> VersionRef | None:
    """Return the newest champion before the one in force that may serve again; None without one."""
    changes = reversed(ports.ledger.entries(None, succession.CHANGES))
    line = succession.line((entry.event, entry.version) for entry in changes)
    unfit = unfit_versions(ports, documents)
    return next((VersionRef(version) for version in reversed(line[:-1]) if version not in unfit), None)


def _go_back(current: VersionRef, earlier: VersionRef, reasons: tuple[str, ...], by: str, ports: Ports) -> None:
    decision = manifest(ports, earlier, VersionManifest).outcome.decision
    event = succession.ROLLED_BACK
    if not ports.ledger.swap_champion(current, earlier, decision, reasons, event=event, bar=reasons[0], by=by):
        raise ChampionMoved(f"the champion is no longer {current}; look at it, then roll back again")


def _smoke(ports: Ports, version: VersionOutcome) -> list[Sample]:
    """Return questions that the version answered right when it was evaluated: in the engine it must still do so."""
    return [canary.sample for canary in answered_right(ports, version)[:SMOKE_QUESTIONS]]
