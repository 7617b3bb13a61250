"""Promotion and deployment, on versions that were registered by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medpipe import errors, steps
from medpipe.core.judging.gates import Outcome
from medpipe.core.refs import ref
from medpipe.steps import rollout
from tests import fakes
from tests.manifests import outcome
from tests.steps.versions import QUESTIONS, evaluated, forget, history, promoted, samples, tags, version


def test_a_pass_is_promoted_in_the_ledger_and_shown_in_the_registry(ports: fakes.FakePorts) -> None:
    first, decision = version(ports, 1)
    assert steps.promote(first, ports=ports) == first
    assert (steps.champion(ports=ports), ports.registry.champion()) == (first, 1)
    assert history(ports) == [("promoted", first, decision, ("reason 1",))]
    assert tags(ports) == {"1": {"medpipe.outcome": "promoted"}}


@pytest.mark.parametrize("said", [Outcome.FAIL, Outcome.INCONCLUSIVE])
def test_a_challenger_that_did_not_pass_is_held_and_the_ledger_and_registry_say_why(
    ports: fakes.FakePorts, said: Outcome
) -> None:
    first, _ = version(ports, 1)
    steps.promote(first, ports=ports)
    second, _ = version(ports, 2, said, incumbent=first)
    for _ in range(2):
        assert steps.promote(second, ports=ports) == first
    assert (ports.ledger.champion(), ports.registry.champion()) == (first, 1)
    assert history(ports)[1:] == [("held", second, str(said), ("reason 2",))], "once, although it was tried twice"
    assert tags(ports)["2"] == {"medpipe.outcome": f"held ({said})"}


def test_holding_returns_the_champion_in_force_and_not_the_incumbent_of_the_judgement(ports: fakes.FakePorts) -> None:
    first, _ = version(ports, 1)
    hotfix, _ = version(ports, 2, incumbent=first)
    older, _ = version(ports, 3, Outcome.FAIL, incumbent=first)
    steps.promote(first, ports=ports)
    steps.promote(hotfix, ports=ports)
    assert steps.promote(older, ports=ports) == steps.deploy(ports=ports) == hotfix


def test_a_comparison_with_a_former_champion_is_out_of_date_and_the_ledger_says_so(ports: fakes.FakePorts) -> None:
    first, _ = version(ports, 1)
    second, _ = version(ports, 2)
    third, _ = version(ports, 3, incumbent=second)
    steps.promote(first, ports=ports)
    with pytest.raises(errors.ChampionMoved, match=f"judged against no champion, but the champion is now {first}"):
        steps.promote(second, ports=ports)
    for _ in range(2):
        with pytest.raises(errors.ChampionMoved, match=f"judged against {second}, but"):
            steps.promote(third, ports=ports)
    assert (ports.ledger.champion(), ports.registry.champion()) == (first, 1)
    assert [(event, held, kind) for event, held, kind, _ in history(ports)[1:]] == [
        ("held", second, "out of date"),
        ("held", third, "out of date"),
    ]


def test_promoting_the_champion_again_only_moves_the_alias(ports: fakes.FakePorts) -> None:
    first, _ = version(ports, 1)
    steps.promote(first, ports=ports)
    ports.registry.set_champion(7)
    assert steps.promote(first, ports=ports) == first
    assert (ports.registry.champion(), len(history(ports))) == (1, 1)


def test_without_a_champion_nothing_is_deployed(ports: fakes.FakePorts) -> None:
    assert steps.deploy(ports=ports) is None
    assert ports.routes.current() is None


def test_a_deployment_loads_the_adapter_under_the_name_and_notes_the_decision(ports: fakes.FakePorts) -> None:
    first = promoted(ports)
    assert steps.deploy(ports=ports) == first
    route = ports.routes.current()
    assert route is not None
    assert (route.version, route.adapter_name) == (first, "medqa-v1-abcdef")
    (entry, _) = ports.ledger.entries()
    assert (entry.event, entry.version, entry.decision) == ("deployed", first, ref("decision", 1))


def test_a_deployment_moves_the_alias_that_a_killed_promotion_left_behind(ports: fakes.FakePorts) -> None:
    first, decision = version(ports, 1)
    ports.ledger.swap_champion(None, first, decision, ())
    assert ports.registry.champion() is None
    assert steps.deploy(ports=ports) == first
    assert ports.registry.champion() == 1


def test_a_deployment_goes_on_to_the_champion_that_came_meanwhile(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = promoted(ports)
    second, _ = version(ports, 2, incumbent=first)
    load = fakes.FileEngine.load

    def slowly(engine: fakes.FileEngine, name: str, folder: Path) -> None:
        steps.promote(second, ports=ports)
        load(engine, name, folder)

    monkeypatch.setattr(fakes.FileEngine, "load", slowly)
    assert steps.deploy(ports=ports) == second
    route = ports.routes.current()
    assert route is not None and (route.version, route.generation) == (second, 1), "the first one was never routed"
    assert ports.engine.loaded() == {"medqa-v2-abcdef"}


def test_a_deployment_that_never_meets_a_standing_champion_gives_up(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    promoted(ports)
    monkeypatch.setattr(rollout.deployment, "deploy", lambda *arguments, **options: None)
    with pytest.raises(errors.ChampionMoved, match="changed 20 times during this deployment: deploy again"):
        steps.deploy(ports=ports)


def test_smoke_questions_are_five_that_the_version_answered_right_of_both_benchmarks(ports: fakes.FakePorts) -> None:
    samples(ports, 1)
    judged = outcome("version", examples=ref("examples", 1), evaluation=evaluated(ports, 1, wrong="bc"))
    assert [sample.id for sample in rollout._smoke(ports, judged)] == ["a", "d", "e", "f", "g"]
    judged = outcome("version", examples=ref("examples", 1), evaluation=evaluated(ports, 2))
    assert [sample.id for sample in rollout._smoke(ports, judged)] == ["a", "b", "c", "d", "e"]


def test_a_version_that_answered_nothing_right_cannot_be_deployed(ports: fakes.FakePorts) -> None:
    promoted(ports, wrong="abcdefg")
    with pytest.raises(errors.DeployFailed, match="no smoke questions"):
        steps.deploy(ports=ports)


def test_an_adapter_that_forgot_what_it_was_judged_by_does_not_go_live(ports: fakes.FakePorts) -> None:
    promoted(ports)
    forget(ports, 1)
    with pytest.raises(errors.DeployFailed, match="only 0 of 5 smoke questions"):
        steps.deploy(ports=ports)


def test_swapped_weights_never_reach_the_engine(ports: fakes.FakePorts) -> None:
    promoted(ports)
    weights = ports.store.folder(ref("adapter", 1)) / fakes.WEIGHTS
    weights.write_text(json.dumps(dict.fromkeys(QUESTIONS, "Another drug.")))
    with pytest.raises(errors.Damaged, match=rf"{ref('adapter', 1)} is not what its verb made .*was changed"):
        steps.deploy(ports=ports)
    assert not ports.engine.loaded()
