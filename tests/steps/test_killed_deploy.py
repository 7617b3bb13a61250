"""deploy and rollback, killed before or after any call of a port: the next run leaves no orphan in the engine."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from medpipe import steps
from medpipe.core.manifests import VersionManifest
from medpipe.settings import Settings
from medpipe.steps.artifact import manifest
from tests.contract.killed import die
from tests.steps.traps import TrappedPorts
from tests.steps.versions import promoted, version

pytestmark = pytest.mark.integration

CALLS = 60
"""More calls of ports than a deployment makes."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose first version serves, and whose second one was promoted and is not deployed."""
    home = tmp_path_factory.mktemp("ready") / "home"
    home.mkdir()
    ports = TrappedPorts(Settings(home=home))
    first = promoted(ports)
    assert steps.deploy(ports=ports) == first
    second, _ = version(ports, 2, incumbent=first)
    assert steps.promote(second, ports=ports) == second
    ports.database.dispose()
    return home


def killed(home: Path, verb: Callable[[TrappedPorts], object], call: int, after: bool) -> bool:
    """Run a verb in a process that dies at one call of a port; return whether it came to that."""
    process = os.fork()
    if not process:
        status = 1
        try:
            ports = TrappedPorts(Settings(home=home))
            ports.trap.set(call, die, after)
            verb(ports)
            status = 0
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    assert status in (0, -signal.SIGKILL)
    return status != 0


def deploy(ports: TrappedPorts) -> object:
    return steps.deploy(ports=ports)


def roll_back(ports: TrappedPorts) -> object:
    return steps.roll_back("it answers worse", "Dr. A", ports=ports)


def loaded(ports: TrappedPorts) -> dict[str, str]:
    """The engine's adapters: name → ref."""
    table: dict[str, str] = json.loads((ports.settings.home / "engine.json").read_text())
    return {name: "/".join(Path(folder).parts[-2:]) for name, folder in table.items()}


def what_should_be_loaded(ports: TrappedPorts) -> dict[str, str]:
    route, champion = ports.routes.current(), ports.ledger.champion()
    assert route is not None and champion is not None and route.version == champion
    return {route.adapter_name: manifest(ports, champion, VersionManifest).outcome.adapter}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("again", [deploy, pytest.param(roll_back, marks=pytest.mark.slow)])
def test_whatever_a_killed_deployment_left_in_the_engine_is_unloaded_by_the_next_one(
    tmp_path: Path, home: Path, again: Callable[[TrappedPorts], object], after: bool
) -> None:
    deaths = orphans = 0
    for call in range(CALLS):
        place = shutil.copytree(home, tmp_path / str(call))
        died = killed(place, deploy, call, after)
        ports = TrappedPorts(Settings(home=place))
        deaths, orphans = deaths + died, orphans + (len(loaded(ports)) > 1)
        again(ports)
        assert loaded(ports) == what_should_be_loaded(ports), f"killed at call {call}"
        ports.database.dispose()
        shutil.rmtree(place)
        if not died:
            break
    assert deaths > 10 and orphans > 3, "it was never killed where it leaves something"


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_rollback_that_is_killed_and_run_again_leaves_the_earlier_version_alone_in_the_engine(
    tmp_path: Path, home: Path, after: bool
) -> None:
    deaths = 0
    for call in range(CALLS):
        place = shutil.copytree(home, tmp_path / str(call))
        ports = TrappedPorts(Settings(home=place))
        steps.deploy(ports=ports)
        ports.database.dispose()
        died = killed(place, roll_back, call, after)
        steps.roll_back("it answers worse", "Dr. A", ports=ports)
        assert loaded(ports) == what_should_be_loaded(ports), f"killed at call {call}"
        assert ports.registry.champion() == 1
        ports.database.dispose()
        shutil.rmtree(place)
        deaths += died
        if not died:
            break
    assert deaths > 10
