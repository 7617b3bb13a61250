"""Making a version live without dropping a request, and restoring the old one when the new one does not answer.

Safety comes from the order: load under a new name, ask smoke questions of the engine itself, switch the route,
wait until every gateway follows the new route and has no older request in flight, and only then unload the adapter
that served before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from medpipe.core import naming, prompt
from medpipe.core.contract import ServingContract
from medpipe.errors import DeployFailed, MedpipeError
from medpipe.ports import Engine, Ledger, Route, Routes


class Smoke(Protocol):
    """A question that a version must answer before it goes live. `core.judging.evaluation.Sample` is one."""

    @property
    def question(self) -> str: ...
    @property
    def context(self) -> str: ...
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


def deploy(
    version: str,
    adapter_folder: Path,
    adapter_name: str,
    contract: ServingContract,
    smoke: Sequence[Smoke],
    to: Outside,
    patience: Patience | None = None,
    decision: str = "",
) -> Route:
    """Route the gateways to `version`, and return the route.

    Idempotent: for a version that is already routed and loaded, only leftovers are unloaded. When the engine has
    lost its adapters (a restart), the version is loaded again under a new name and routed there. Raises DeployFailed
    when a smoke question fails or another deployment switched the route first. The new adapter is then unloaded, and
    the version that served before still serves.
    """
    patience = patience or Patience()
    if not smoke:
        raise DeployFailed(f"{version} was not deployed: there are no smoke questions to judge it by")
    before = to.routes.current()
    if before and before.version == version and before.adapter_name in to.engine.loaded():
        return _finish(before, to, patience, decision)
    name = next(name for name in naming.candidates(adapter_name) if to.routes.claim(name))
    reasons = _load(name, adapter_folder, to) or _failures(name, contract, smoke, to, patience)
    if reasons:
        raise _withdrawn(version, name, decision, reasons, to)
    route = to.routes.switch(before, version, name, contract)
    if route is None:
        raise _withdrawn(version, name, decision, ["another deployment switched the route first"], to)
    reasons = _failures(name, contract, smoke[:1], to, patience)
    if reasons:
        _put_back(before, route, to, patience)
        raise _withdrawn(version, name, decision, reasons, to)
    return _finish(route, to, patience, decision)


def _load(name: str, folder: Path, to: Outside) -> list[str]:
    """Load the adapter. Return the reasons why the engine refused, if it did."""
    try:
        to.engine.load(name, folder)
    except MedpipeError as error:
        return [str(error)]
    return []


def _failures(
    name: str, contract: ServingContract, smoke: Sequence[Smoke], to: Outside, patience: Patience
) -> list[str]:
    """Return the reasons why the adapter must not go live, in counts: texts stay out of the ledger."""
    try:
        prompts = [contract.prompt(item.question, item.context) for item in smoke]
        answers = to.engine.ask(name, prompts, contract.max_new_tokens)
    except MedpipeError as error:
        return [str(error)]
    reasons = []
    empty = sum(not prompt.answer_of(answer) for answer in answers)
    if empty:
        reasons.append(f"{empty} of {len(smoke)} smoke questions got an empty answer")
    with_slot = [(item.slot.lower(), answer.lower()) for item, answer in zip(smoke, answers, strict=True) if item.slot]
    right = sum(slot in answer for slot, answer in with_slot)
    if right < patience.smoke_share * len(with_slot):
        reasons.append(f"only {right} of {len(with_slot)} smoke questions were answered with the expected fact")
    return reasons


def _put_back(before: Route | None, route: Route, to: Outside, patience: Patience) -> None:
    """Switch the route to the version that served before, if it is still loaded, and wait for the gateways."""
    if before and before.adapter_name in to.engine.loaded():
        restored = to.routes.switch(route, before.version, before.adapter_name, before.contract)
        if restored:
            _settled(restored.generation, to, patience)


def _withdrawn(version: str, name: str, decision: str, reasons: list[str], to: Outside) -> DeployFailed:
    """Unload the new adapter unless it is routed, append the reasons to the ledger, and return the error to raise."""
    current = to.routes.current()
    try:
        if (current is None or current.adapter_name != name) and name in to.engine.loaded():
            to.engine.unload(name)
    except MedpipeError as error:
        reasons = [*reasons, str(error)]
    to.ledger.append(
        "restored",
        current.version if current else version,
        decision,
        [f"{version} did not go live: {reason}" for reason in reasons],
    )
    serving = f"{current.version} still serves" if current else "nothing serves yet"
    return DeployFailed(f"{version} was not deployed, {serving}: {'; '.join(reasons)}")


def _finish(route: Route, to: Outside, patience: Patience, decision: str) -> Route:
    """Wait for the gateways, unload adapters that are no longer routed, and append one entry to the ledger."""
    mark = f"generation {route.generation} as {route.adapter_name}"
    reasons = [mark]
    if _settled(route.generation, to, patience):
        for name in sorted(to.routes.retired() & to.engine.loaded()):
            to.engine.unload(name)
            reasons.append(f"unloaded {name}")
    else:
        reasons.append(f"a gateway did not follow within {patience.settle_seconds:g} s: earlier adapters stay loaded")
    entries = to.ledger.entries(1000)
    if not any(entry.event == "deployed" and mark in entry.reasons for entry in entries):
        to.ledger.append("deployed", route.version, decision, reasons)
    return route


def _settled(generation: int, to: Outside, patience: Patience) -> bool:
    """Return whether every live gateway follows `generation` before `settle_seconds` have passed."""
    deadline = patience.clock() + patience.settle_seconds
    while not to.routes.settled(generation):
        if patience.clock() > deadline:
            return False
        patience.sleep(0.1)
    return True
