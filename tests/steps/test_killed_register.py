"""register and compare, killed at any point and run again: one version, one manifest, one entry."""

from __future__ import annotations

import functools
import importlib
import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from medpipe import steps
from medpipe.core.manifests import VersionManifest
from medpipe.settings import Settings
from medpipe.steps import lease
from tests import fakes
from tests.contract.killed import after, die
from tests.steps.conftest import DAY_1, DAY_2, OLD, publish, topic
from tests.steps.test_ring import refresh

pytestmark = pytest.mark.integration

POINTS = (
    "tests.fakes:FileRegistry.register",
    "medpipe.backends.artifacts.unfinished:write_flushed",
    "medpipe.backends.artifacts.unfinished:move",
    "medpipe.backends.sql.ledger:SqlLedger.append",
    "medpipe.backends.sql.ledger:_Writing.entry",
    "medpipe.backends.sql.chain:append",
    "medpipe.backends.heads_file:HeadsFile.keep",
)
SHARPEST = [
    ("tests.fakes:FileRegistry.register", "after"),
    ("medpipe.backends.sql.ledger:_Writing.entry", "after"),
    ("medpipe.backends.heads_file:HeadsFile.keep", "before"),
]
"""Where an effect is done and nothing else knows of it yet: the quick run kills here."""
REST = [
    pytest.param(point, moment, marks=pytest.mark.slow)
    for point in POINTS
    for moment in ("before", "after")
    if (point, moment) not in SHARPEST
]


class Ready(NamedTuple):
    home: Path
    refs: dict[str, str]
    outcome: dict[str, Any]


def prepared(home: Path) -> dict[str, str]:
    """A home with two evaluations to compare, and the arguments of what follows."""
    ports = fakes.ports(Settings(home=home))
    publish(ports, [topic(number) for number in OLD])
    examples = steps.build_examples(refresh(ports, DAY_1, DAY_2), "tiny-sft", ports=ports)
    steps.validate(examples, "examples", ports=ports)
    adapter = steps.train("tiny-sft", examples, ports=ports)
    refs = {
        "adapter": adapter,
        "examples": examples,
        "challenger": steps.evaluate(adapter, "tiny-sft", examples, ports=ports),
        "incumbent": steps.evaluate("base", "tiny-sft", examples, ports=ports),
    }
    ports.database.dispose()
    return refs


def judge(home: Path, refs: dict[str, str]) -> None:
    """Compare and register."""
    ports = fakes.ports(Settings(home=home))
    decision = steps.compare(refs["challenger"], refs["incumbent"], "first", ports=ports)
    steps.register(refs["adapter"], refs["challenger"], decision, refs["examples"], ports=ports)
    ports.database.dispose()


def outcome(home: Path) -> dict[str, Any]:
    ports = fakes.ports(Settings(home=home))
    state = {
        "entries": [
            (entry.sequence, entry.event, entry.version, entry.decision, entry.reasons)
            for entry in ports.ledger.history()
        ],
        "versions": [version.ref for version in ports.store.manifests(VersionManifest)],
        "registry": json.loads((home / "registry.json").read_text()),
        "wrong": steps.verify(ports=ports) is None,
    }
    ports.database.dispose()
    return state


def killed(home: Path, refs: dict[str, str], point: str, moment: str, call: int) -> bool:
    """Run `judge` in a child that dies at the call-th call of a function; return whether it came to that."""
    child = os.fork()
    if not child:
        module, _, path = point.partition(":")
        owner: Any = importlib.import_module(module)
        *parents, name = path.split(".")
        for parent in parents:
            owner = getattr(owner, parent)
        real, count = getattr(owner, name), 0

        def counted(*arguments: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            chosen = {"before": die, "after": after(real)}[moment] if count == call else real
            return chosen(*arguments, **named)

        setattr(owner, name, counted)
        judge(home, refs)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@pytest.fixture(autouse=True)
def leases_end_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed process keeps its lease; the next one waits until it ends."""
    monkeypatch.setattr(lease, "Terms", functools.partial(lease.Terms, seconds=1.0))


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Ready:
    """A home as it is before, and what a judgement that nothing kills makes of it."""
    home = tmp_path_factory.mktemp("ready") / "home"
    refs = prepared(home)
    whole = shutil.copytree(home, home.parent / "whole")
    judge(whole, refs)
    return Ready(home, refs, outcome(whole))


@pytest.mark.parametrize(("point", "moment"), [*SHARPEST, *REST])
def test_a_killed_judgement_that_is_run_again_ends_in_one_version_and_one_entry_each(
    tmp_path: Path, ready: Ready, point: str, moment: str
) -> None:
    home, refs, deaths = shutil.copytree(ready.home, tmp_path / "killed"), ready.refs, 0
    for call in (1, 2, 1, 2):
        deaths += killed(home, refs, point, moment, call)
    judge(home, refs)
    judge(home, refs)
    assert deaths, "the function was never called"
    assert outcome(home) == ready.outcome
