"""Two deployments at once, and what killed ones left in the engine: nothing that serves is ever unloaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from medpipe.backends.sql.routes import SqlRoutes
from medpipe.core import naming
from medpipe.core.contract import Ending
from medpipe.ports import Route
from medpipe.steps.deployment import Patience, deploy
from tests.contracts import CONTRACT
from tests.steps.deploying import SMOKE, A, B, MemoryEngine, Outside, live, on_disk


@pytest.fixture
def outside(tmp_path: Path) -> Outside:
    return on_disk(tmp_path)


def test_a_deployment_that_loses_the_race_unloads_what_it_brought_and_is_no_failure(outside: Outside) -> None:
    class Beaten(SqlRoutes):
        def switch(self, *arguments: object) -> None:
            return None

    beaten = outside._replace(routes=Beaten(outside.routes._engine))
    assert live(beaten, A) is None
    assert outside.engine.loaded() == frozenset()
    assert outside.events() == []


def test_a_version_that_is_no_longer_champion_is_not_routed_when_only_the_champion_may_be(outside: Outside) -> None:
    outside.ledger.swap_champion(None, B, "", ())
    assert deploy(A, Path("adapter"), "medqa-v1-aaaaaa", CONTRACT, SMOKE, outside, only_champion=True) is None
    assert (outside.routes.current(), outside.engine.loaded()) == (None, frozenset())
    assert deploy(B, Path("adapter"), "medqa-v2-bbbbbb", CONTRACT, SMOKE, outside, only_champion=True) is not None


def test_a_deployment_whose_adapter_another_one_unloaded_is_overtaken_and_has_not_failed(outside: Outside) -> None:
    live(outside, A)

    class Crowded(MemoryEngine):
        def ask(self, name: str, prompts: Sequence[str], ending: Ending) -> list[str]:
            if name == "medqa-v2-bbbbbb":
                live(outside, A)
            return super().ask(name, prompts, ending)

    crowded = Crowded()
    crowded.table, crowded.loadings = outside.engine.table, outside.engine.loadings
    assert live(outside._replace(engine=crowded), B) is None
    assert outside.engine.loaded() == {"medqa-v1-aaaaaa"}
    assert outside.events() == [("deployed", A)], "nothing failed, so nothing is said"


def test_adapters_that_killed_deployments_left_are_unloaded_and_other_peoples_stay(outside: Outside) -> None:
    live(outside, A)
    for name in ("medqa-v7-cccccc", "medqa-v7-cccccc-2", "other-v7-cccccc", "mine", "eval-0123"):
        outside.engine.load(name, Path("adapter"))
    assert live(outside, A) == Route(A, "medqa-v1-aaaaaa", 2, CONTRACT), (
        "a generation that no other deployment began with"
    )
    assert outside.engine.loaded() == {"medqa-v1-aaaaaa", "other-v7-cccccc", "mine", "eval-0123"}
    assert outside.events() == [("deployed", A)]


def test_adapters_of_evaluations_are_unloaded_when_no_evaluation_takes_that_long(outside: Outside) -> None:
    for seconds in (1_000, 1_001):
        outside.engine.load(naming.timed("eval-01", "abc", seconds), Path("adapter"))
    deploy(
        A,
        Path("adapter"),
        "medqa-v1-aaaaaa",
        CONTRACT,
        SMOKE,
        outside,
        Patience(wall_clock=lambda: 1_001.0 + 12 * 3600),
    )
    assert outside.engine.loaded() == {"medqa-v1-aaaaaa", naming.timed("eval-01", "abc", 1_001)}


def test_a_name_that_the_engine_has_although_the_database_forgot_it_is_not_used_again(outside: Outside) -> None:
    outside.engine.load("medqa-v1-aaaaaa", Path("adapter"))
    assert live(outside, A) == Route(A, "medqa-v1-aaaaaa-2", 2, CONTRACT)
    assert outside.engine.loaded() == {"medqa-v1-aaaaaa-2"}


def test_a_deployment_that_ends_after_another_one_switched_unloads_nothing(outside: Outside) -> None:
    live(outside, A)
    outside.routes.heartbeat("slow", 1, 1)

    def another(seconds: float) -> None:
        outside.routes.switch(outside.routes.current(), B, "medqa-v2-bbbbbb", CONTRACT)
        outside.routes.leave("slow")

    outside.engine.load("medqa-v2-bbbbbb", Path("adapter"))
    late = Patience(sleep=another)
    assert deploy("version/medqa-v3-cccccc", Path("adapter"), "medqa-v3-cccccc", CONTRACT, SMOKE, outside, late) is None
    assert outside.engine.loaded() == {"medqa-v1-aaaaaa", "medqa-v2-bbbbbb", "medqa-v3-cccccc"}


def test_an_adapter_under_evaluation_is_left_alone(outside: Outside) -> None:
    live(outside, A)
    outside.engine.load("eval-1", Path("adapter"))
    live(outside, B)

    assert outside.engine.loaded() == {"eval-1", "medqa-v2-bbbbbb"}
