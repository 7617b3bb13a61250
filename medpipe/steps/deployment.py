"""Making a version live without dropping a request, and restoring the old one when the new one does not answer.

Safety comes from the order: load under a new name, ask smoke questions of the engine itself, switch the route,
wait until every gateway follows the new route and has no older request in flight, and only then unload the adapter
that served before.

Two deployments at once need no lock. A switch counts only while the route is still the one that the deployment began
with, so one of them wins, and the other finds out and starts again. For the same reason adapters that a killed
deployment left in the engine can be unloaded at any time: the route is first switched to itself, as the next
generation, after which no deployment that loaded one of them can switch to it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from medpipe.core import naming
from medpipe.core.contract import ServingContract
from medpipe.core.conversation import Conversation
from medpipe.errors import ConfigError, DeployFailed, MedpipeError
from medpipe.ports import Engine, Ledger, Route, Routes


class Smoke(Protocol):
    """A question that a version must answer before it goes live. `core.judging.evaluation.Sample` is one."""

    @property
    def question(self) -> str: ...
    @property
    def context(self) -> str: ...
    @property
    def before(self) -> Conversation: ...
    @property
    def slot(self) -> str:
        """The word that the answer must contain; empty if any answer will do."""


class Outside(Protocol):
    """The ports that a deployment uses."""

    @property
    def engine(self) -> Engine: ...
    @property
    def routes(self) -> Routes: ...
    @property
    def ledger(self) -> Ledger: ...


class Patience(NamedTuple):
    """How a deployment judges and waits."""

    settle_seconds: float = 60.0
    """The longest wait for gateways to follow the new route."""
    smoke_share: float = 1.0
    """Of the smoke questions with a slot, the share, 0..1, whose answers must contain it."""
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    wall_clock: Callable[[], float] = time.time
    """Seconds since 1970-01-01 UTC. The names of evaluations' adapters have the moment of their loading."""


DEPLOYED = "deployed"
"""The ledger's event at the end of a deployment."""
EVALUATION_SECONDS = 12 * 3600.0
"""The longest evaluation, as Airflow limits it. An evaluation's adapter that is older was left by a killed one."""


def deploy(
    version: str,
    adapter_folder: Path,
    adapter_name: str,
    contract: ServingContract,
    smoke: Sequence[Smoke],
    to: Outside,
    patience: Patience | None = None,
    decision: str = "",
    only_champion: bool = False,
) -> Route | None:
    """Route the gateways to `version`, and return the route.

    Idempotent: for a version that is already routed and loaded, only leftovers are unloaded. When the engine has
    lost its adapters (a restart), the version is loaded again under a new name and routed there. Returns None, and
    unloads what it loaded, when the deployment was overtaken: another one switched the route meanwhile, or, with
    `only_champion`, the version is no longer the champion. Raises DeployFailed when the version does not load or a
    smoke question fails. The new adapter is then unloaded, and the version that served before still serves. Raises
    ConfigError, before anything changes, when the engine has another base or cannot read the folder of the adapter.

    A merged version cannot be loaded: the engine must have been started with it. The route then names it by
    `ServingContract.whole_name`, so that an engine that is started with another model answers nothing.
    """
    patience = patience or Patience()
    if not smoke:
        raise DeployFailed(f"{version} was not deployed: there are no smoke questions to judge it by")
    before = to.routes.current()
    to.engine.check_base(contract.base, contract.merged)
    loaded = frozenset({contract.whole_name}) if contract.merged else to.engine.loaded()
    if before and before.version == version and before.adapter_name in loaded:
        return _finish(before, to, patience, decision)
    name, reasons = (
        (contract.whole_name, []) if contract.merged else _loaded_as(adapter_name, adapter_folder, loaded, to)
    )
    reasons = reasons or _failures(name, contract, smoke, to, patience)
    route = before if reasons else to.routes.switch(before, version, name, contract, only_champion)
    if route and not reasons:
        reasons = _failures(name, contract, smoke[:1], to, patience)
        if not reasons:
            return _finish(route, to, patience, decision)
    if not reasons or to.routes.current() != route:  # overtaken; whoever did it may have unloaded the adapter too
        _unload_unrouted(name, to)
        return None
    if before and route != before:
        _put_back(before, route, to, patience)
    raise _withdrawn(version, name, decision, reasons, to)


def mark(route: Route) -> str:
    """Return the reason by which the ledger's entry of a deployment is known: adapter names are never used twice."""
    return f"as {route.adapter_name}"


def _loaded_as(adapter_name: str, folder: Path, loaded: frozenset[str], to: Outside) -> tuple[str, list[str]]:
    """Load the adapter under a name that was never used. Return the name, and the reasons why the engine refused."""
    # After a database was restored, the engine may have names that no deployment has claimed.
    name = next(name for name in naming.candidates(adapter_name) if name not in loaded and to.routes.claim(name))
    return name, _load(name, folder, to)


def _load(name: str, folder: Path, to: Outside) -> list[str]:
    """Load the adapter. Return the reasons why the engine refused, if it did.

    Raises ConfigError when the engine cannot read the folder: that says nothing about the version.
    """
    try:
        to.engine.load(name, folder)
    except ConfigError:
        raise
    except MedpipeError as error:
        return [str(error)]
    return []


def check_engine(adapter_folder: Path, adapter_name: str, contract: ServingContract, to: Outside) -> None:
    """Raise ConfigError when the engine has another base, or cannot read the folder of an adapter.

    What it loaded to see it is unloaded.
    """
    to.engine.check_base(contract.base, contract.merged)
    if contract.merged:
        return
    name = next(name for name in naming.candidates(adapter_name) if to.routes.claim(name))
    if not _load(name, adapter_folder, to):
        to.engine.unload(name)


def _failures(
    name: str, contract: ServingContract, smoke: Sequence[Smoke], to: Outside, patience: Patience
) -> list[str]:
    """Return the reasons why the adapter must not go live, in counts: texts stay out of the ledger."""
    try:
        prompts = [contract.prompt(item.question, item.context, item.before) for item in smoke]
        answers = to.engine.ask(name, prompts, contract.ending())
    except MedpipeError as error:
        return [str(error)]
    reasons = []
    empty = sum(not contract.answer_of(answer) for answer in answers)
    if empty:
        reasons.append(f"{empty} of {len(smoke)} smoke questions got an empty answer")
    with_slot = [(item.slot.lower(), answer.lower()) for item, answer in zip(smoke, answers, strict=True) if item.slot]
    right = sum(slot in answer for slot, answer in with_slot)
    if right < patience.smoke_share * len(with_slot):
        reasons.append(f"only {right} of {len(with_slot)} smoke questions were answered with the expected fact")
    return reasons


def _put_back(before: Route, route: Route | None, to: Outside, patience: Patience) -> None:
    """Switch the route to the version that served before, if it is still loaded, and wait for the gateways.

    An engine that does not say what it has answers nobody: the route then goes back too, for when it is up again.
    """
    loaded, unseen = _seen(to)
    if unseen or before.adapter_name in loaded:
        restored = to.routes.switch(route, before.version, before.adapter_name, before.contract)
        if restored:
            _settled(restored.generation, to, patience)


def _withdrawn(version: str, name: str, decision: str, reasons: list[str], to: Outside) -> DeployFailed:
    """Unload the new adapter unless it is routed, append the reasons to the ledger, and return the error to raise."""
    try:
        _unload_unrouted(name, to)
    except MedpipeError as error:
        reasons = [*reasons, str(error)]
    current = to.routes.current()
    to.ledger.append(
        "restored",
        current.version if current else version,
        decision,
        [f"{version} did not go live: {reason}" for reason in reasons],
    )
    serving = f"{current.version} still serves" if current else "nothing serves yet"
    return DeployFailed(f"{version} was not deployed, {serving}: {'; '.join(reasons)}")


def _unload_unrouted(name: str, to: Outside) -> None:
    current = to.routes.current()
    if (current is None or current.adapter_name != name) and name in to.engine.loaded():
        to.engine.unload(name)


def _finish(route: Route, to: Outside, patience: Patience, decision: str) -> Route | None:
    """Wait for the gateways, unload every adapter that may go, and append one entry to the ledger.

    Returns the route, perhaps as a later generation; None, without unloading anything, when it was switched meanwhile.
    What serves does: an engine that keeps an old adapter, or fails only now, is said in the entry and is no failure of
    the deployment. The next one tries again.
    """
    settled = _settled(route.generation, to, patience)
    loaded, unseen = _seen(to)
    retired = to.routes.retired()
    orphans = {name for name in loaded - retired - {route.adapter_name} if naming.same_model(name, route.adapter_name)}
    # `retired` is about this route only if it is still the current one. A deployment that is loading one of the
    # orphans cannot switch to it after this switch.
    current = (
        to.routes.switch(route, route.version, route.adapter_name, route.contract) if orphans else to.routes.current()
    )
    if current is None or (not orphans and current != route):
        return None
    reasons = [mark(route), f"generation {current.generation}", *unseen]
    for name in sorted((retired & loaded if settled else set()) | orphans | _abandoned(loaded, patience)):
        reasons.append(_unloaded(name, to))
    if not settled:
        reasons.append(f"a gateway did not follow within {patience.settle_seconds:g} s: earlier adapters stay loaded")
    to.ledger.append(DEPLOYED, route.version, decision, reasons, key=f"{DEPLOYED} {route.version} {reasons[0]}")
    return current


def _seen(to: Outside) -> tuple[frozenset[str], list[str]]:
    """Return what the engine has loaded; where it does not say, nothing, and why."""
    try:
        return to.engine.loaded(), []
    except MedpipeError as error:
        return frozenset(), [f"nothing was unloaded: {error}"]


def _unloaded(name: str, to: Outside) -> str:
    """Unload an adapter, and return what became of it."""
    try:
        to.engine.unload(name)
    except MedpipeError as error:
        return f"{name} stays loaded: {error}"
    return f"unloaded {name}"


def _abandoned(loaded: frozenset[str], patience: Patience) -> set[str]:
    """Return the adapters of evaluations that were killed."""
    oldest = patience.wall_clock() - EVALUATION_SECONDS
    return {name for name in loaded if (moment := naming.loaded_at(name)) is not None and moment < oldest}


def _settled(generation: int, to: Outside, patience: Patience) -> bool:
    """Return whether every live gateway follows `generation` before `settle_seconds` have passed."""
    deadline = patience.clock() + patience.settle_seconds
    while not to.routes.settled(generation):
        if patience.clock() > deadline:
            return False
        patience.sleep(0.1)
    return True
