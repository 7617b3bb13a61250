"""Two registers of one version at once, one of them killed anywhere: once in the registry, the store and the ledger."""

from __future__ import annotations

import functools
import importlib
import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from medpipe import steps
from medpipe.core.manifests import VersionManifest
from medpipe.ports import Curves, Registered
from medpipe.settings import Settings
from medpipe.steps import lease
from tests import fakes
from tests.contract.killed import after, die
from tests.steps.test_killed_register import prepared

pytestmark = pytest.mark.integration


class SlowRegistry(fakes.FileRegistry):
    """Makes a version a moment after it has looked for an earlier one, as MLflow does."""

    def register(
        self, adapter: Path, description: Mapping[str, Any], metrics: Mapping[str, float], curves: Curves
    ) -> Registered:
        state, described = self._state(), json.loads(json.dumps(dict(description), default=str))
        if described in state["versions"]:
            return Registered(state["versions"].index(described) + 1, page="")
        time.sleep(0.4)
        numbers = [*self._state()["versions"], described]
        self.file.write_text(json.dumps(self._state() | {"versions": numbers}))
        return Registered(len(numbers), page="")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A home with a decision to register."""
    home = tmp_path_factory.mktemp("ready") / "home"
    refs = prepared(home)
    ports = fakes.ports(Settings(home=home))
    refs["decision"] = steps.compare(refs["challenger"], refs["incumbent"], "first", ports=ports)
    ports.database.dispose()
    return home, refs


def register(home: Path, refs: dict[str, str]) -> None:
    ports = fakes.ports(Settings(home=home))
    steps.register(refs["adapter"], refs["challenger"], refs["decision"], refs["examples"], ports=ports)
    ports.database.dispose()


def child(home: Path, refs: dict[str, str], prepare: Callable[[], None] = lambda: None) -> int:
    """Register in a process of its own; return its id."""
    process = os.fork()
    if not process:
        status = 1
        try:
            fakes.FileRegistry.register = SlowRegistry.register  # type: ignore[method-assign]
            lease.Terms = functools.partial(lease.Terms, seconds=3, wait_seconds=60)  # type: ignore[misc, assignment]
            prepare()
            register(home, refs)
            status = 0
        finally:
            os._exit(status)
    return process


def ended(process: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def registered(home: Path) -> tuple[int, int, int]:
    """How often the version is in the registry, in the store and in the ledger."""
    ports = fakes.ports(Settings(home=home))
    numbers = json.loads((home / "registry.json").read_text())["versions"]
    versions = list(ports.store.manifests(VersionManifest))
    entries = ports.ledger.entries(None, ("registered",))
    steps.verify(ports=ports)
    ports.database.dispose()
    return len(numbers), len(versions), len(entries)


def test_two_registers_at_once_make_one_version(tmp_path: Path, home: tuple[Path, dict[str, str]]) -> None:
    place, refs = shutil.copytree(home[0], tmp_path / "home"), home[1]
    assert [ended(process) for process in [child(place, refs) for _ in range(3)]] == [0, 0, 0]
    assert registered(place) == (1, 1, 1)


POINTS = [
    ("tests.fakes:FileRegistry.register", "before"),
    ("tests.fakes:FileRegistry.register", "after"),
    ("medpipe.backends.artifacts.unfinished:move", "before"),
    ("medpipe.backends.artifacts.unfinished:move", "after"),
    ("medpipe.backends.sql.ledger:_Writing.entry", "after"),
    ("medpipe.backends.heads_file:HeadsFile.keep", "before"),
]


def trap(point: str, moment: str) -> None:
    """Let this process die before or after the first call of a function."""
    module, _, path = point.partition(":")
    owner: Any = importlib.import_module(module)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    setattr(owner, name, die if moment == "before" else after(getattr(owner, name)))


@pytest.mark.parametrize(("point", "moment"), POINTS)
def test_a_register_that_is_killed_beside_another_one_leaves_one_version(
    tmp_path: Path, home: tuple[Path, dict[str, str]], point: str, moment: str
) -> None:
    place, refs = shutil.copytree(home[0], tmp_path / "home"), home[1]
    killed = child(place, refs, lambda: trap(point, moment))
    time.sleep(0.2)
    assert ended(child(place, refs)) == 0
    assert ended(killed) == -signal.SIGKILL
    assert registered(place) == (1, 1, 1)
