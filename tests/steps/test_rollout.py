"""Which version serves: promotion, deployment and the way back, on versions that were registered by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from medpipe import errors, records, steps
from medpipe.core.judging.evaluation import Evaluation, Sample, Score
from medpipe.core.judging.gates import Outcome
from medpipe.core.refs import ref
from medpipe.core.teaching.example import Example
from medpipe.steps import rollout
from tests import fakes
from tests.manifests import outcome, put

QUESTIONS = tuple(f"What treats illness {letter}?" for letter in "abcdefg")
ANSWERS = {question: f"Drug {question[-2]}." for question in QUESTIONS}


def samples(ports: fakes.FakePorts, number: int) -> str:
    """Examples with seven samples: four of new knowledge, three of old; a document of its own is taught."""

    def fill(folder: Path) -> None:
        every = [
            Sample(id=question[-2], question=question, target=answer, slot=answer[:-1])
            for question, answer in ANSWERS.items()
        ]
        records.write(folder / "benchmarks" / "new-knowledge.jsonl", every[:4])
        records.write(folder / "benchmarks" / "old-knowledge.jsonl", every[4:])
        taught = Example(question="q", answer="a", source="s", document_ids=(f"pmid:{number}",))
        records.write(folder / "train.jsonl", [taught])

    return put(ports.store, ref("examples", number), fill)


def evaluated(ports: fakes.FakePorts, number: int, wrong: str = "") -> str:
    """An evaluation in which the samples named in `wrong` earned half a point."""

    def fill(folder: Path) -> None:
        scores = {
            "new-knowledge": tuple(Score(sample_id=id, value=0.5 if id in wrong else 1.0, answer="") for id in "abcd"),
            "old-knowledge": tuple(Score(sample_id=id, value=0.5 if id in wrong else 1.0, answer="") for id in "efg"),
        }
        whole = Evaluation(model="", examples="", metrics={}, scores=scores)
        (folder / "evaluation.json").write_text(whole.model_dump_json())

    return put(ports.store, ref("evaluation", number), fill)


def version(
    ports: fakes.FakePorts, number: int, said: Outcome = Outcome.PASS, wrong: str = "", **changes: Any
) -> tuple[str, str]:
    """A registered version and the decision about it."""

    def weights(folder: Path) -> None:
        (folder / fakes.WEIGHTS).write_text(json.dumps(ANSWERS))

    examples = samples(ports, number)
    decision = put(ports.store, ref("decision", number), outcome=said, reasons=(f"reason {number}",))
    target = put(
        ports.store,
        f"version/medqa-v{number}-abcdef",
        adapter=put(ports.store, ref("adapter", number), weights, data=examples),
        examples=examples,
        evaluation=evaluated(ports, number, wrong),
        decision=decision,
        outcome=said,
        number=number,
        name=f"medqa-v{number}-abcdef",
        **changes,
    )
    return target, decision


def history(ports: fakes.FakePorts) -> list[tuple[str, str, str, tuple[str, ...]]]:
    return [
        (entry.event, entry.version, entry.decision, entry.reasons)
        for entry in reversed(ports.ledger.entries())
        if entry.event != "deployed"
    ]


def tags(ports: fakes.FakePorts) -> Any:
    file = ports.settings.home / "registry.json"
    return json.loads(file.read_text())["tags"] if file.exists() else {}


def test_a_pass_is_promoted_in_the_ledger_and_shown_in_the_registry(ports: fakes.FakePorts) -> None:
    first, decision = version(ports, 1)
    assert steps.promote(first, decision, None, ports=ports) == first
    assert (steps.champion(ports=ports), ports.registry.champion()) == (first, 1)
    assert history(ports) == [("promoted", first, decision, ("reason 1",))]
    assert tags(ports) == {}


@pytest.mark.parametrize("said", [Outcome.FAIL, Outcome.INCONCLUSIVE])
def test_a_challenger_that_did_not_pass_is_held_and_the_ledger_and_registry_say_why(
    ports: fakes.FakePorts, said: Outcome
) -> None:
    first, decision = version(ports, 1)
    steps.promote(first, decision, None, ports=ports)
    second, held_by = version(ports, 2, said)
    assert steps.promote(second, held_by, first, ports=ports) == first
    assert (ports.ledger.champion(), ports.registry.champion()) == (first, 1)
    assert history(ports)[1:] == [("held", second, str(said), ("reason 2",))]
    assert tags(ports) == {"2": {"medpipe.outcome": f"held ({said})"}}


def test_a_decision_about_another_version_promotes_nothing(ports: fakes.FakePorts) -> None:
    first, decision = version(ports, 1)
    _, other = version(ports, 2)
    with pytest.raises(errors.UsageError, match=f"{other} did not judge {first} \\({decision} did\\)"):
        steps.promote(first, other, None, ports=ports)
    assert history(ports) == []


def test_a_comparison_with_a_former_champion_is_out_of_date(ports: fakes.FakePorts) -> None:
    first, decision = version(ports, 1)
    second, other = version(ports, 2)
    steps.promote(first, decision, None, ports=ports)
    with pytest.raises(errors.ChampionMoved, match=f"judged against no champion, but the champion is now {first}"):
        steps.promote(second, other, None, ports=ports)
    with pytest.raises(errors.ChampionMoved, match=f"judged against {second}, but"):
        steps.promote(second, other, second, ports=ports)
    assert (ports.ledger.champion(), ports.registry.champion()) == (first, 1)


def test_promoting_the_champion_again_only_moves_the_alias(ports: fakes.FakePorts) -> None:
    first, decision = version(ports, 1)
    steps.promote(first, decision, None, ports=ports)
    ports.registry.set_champion(7)
    assert steps.promote(first, decision, None, ports=ports) == first
    assert (ports.registry.champion(), len(history(ports))) == (1, 1)


def test_without_a_version_nothing_is_deployed(ports: fakes.FakePorts) -> None:
    assert steps.deploy(None, ports=ports) is None
    assert ports.routes.current() is None


def test_a_deployment_loads_the_adapter_under_the_name_and_notes_the_decision(ports: fakes.FakePorts) -> None:
    first, decision = version(ports, 1)
    assert steps.deploy(first, ports=ports) == first
    route = ports.routes.current()
    assert route is not None
    assert (route.version, route.adapter_name) == (first, "medqa-v1-abcdef")
    (entry,) = ports.ledger.entries()
    assert (entry.event, entry.version, entry.decision) == ("deployed", first, decision)


def test_smoke_questions_are_five_that_the_version_answered_right_of_both_benchmarks(ports: fakes.FakePorts) -> None:
    samples(ports, 1)
    judged = outcome("version", examples=ref("examples", 1), evaluation=evaluated(ports, 1, wrong="bc"))
    assert [sample.id for sample in rollout._smoke(ports, judged)] == ["a", "d", "e", "f", "g"]
    judged = outcome("version", examples=ref("examples", 1), evaluation=evaluated(ports, 2))
    assert [sample.id for sample in rollout._smoke(ports, judged)] == ["a", "b", "c", "d", "e"]


def test_a_version_that_answered_nothing_right_cannot_be_deployed(ports: fakes.FakePorts) -> None:
    first, _ = version(ports, 1, wrong="abcdefg")
    with pytest.raises(errors.DeployFailed, match="no smoke questions"):
        steps.deploy(first, ports=ports)


def test_an_adapter_that_forgot_what_it_was_judged_by_does_not_go_live(ports: fakes.FakePorts) -> None:
    def forgetful(folder: Path) -> None:
        (folder / fakes.WEIGHTS).write_text(json.dumps(dict.fromkeys(QUESTIONS, "Rest.")))

    put(ports.store, ref("adapter", 1), forgetful, data=samples(ports, 1))
    first, _ = version(ports, 1)
    with pytest.raises(errors.DeployFailed, match="only 0 of 5 smoke questions"):
        steps.deploy(first, ports=ports)


def test_swapped_weights_never_reach_the_engine(ports: fakes.FakePorts) -> None:
    first, _ = version(ports, 1)
    weights = ports.store.folder(ref("adapter", 1)) / fakes.WEIGHTS
    weights.write_text(json.dumps(dict.fromkeys(QUESTIONS, "Another drug.")))
    with pytest.raises(errors.Damaged, match=rf"{ref('adapter', 1)} is not what its verb made .*was changed"):
        steps.deploy(first, ports=ports)
    assert not ports.engine.loaded()


@pytest.fixture
def chain(ports: fakes.FakePorts) -> list[str]:
    """Three champions, each judged against the one before; the third serves."""
    champions: list[str] = []
    for number in (1, 2, 3):
        before = champions[-1] if champions else None
        champion, decision = version(ports, number, incumbent=before or "base")
        steps.promote(champion, decision, before, ports=ports)
        champions.append(champion)
    steps.deploy(champions[-1], ports=ports)
    return champions


def test_restoring_makes_the_champion_before_it_champion_again_and_serves_it(
    ports: fakes.FakePorts, chain: list[str]
) -> None:
    assert steps.restore(chain[2], "it did not go live", ports=ports) == chain[1]
    assert (ports.ledger.champion(), ports.registry.champion()) == (chain[1], 2)
    assert history(ports)[-1] == ("rolled-back", chain[1], ref("decision", 2), ("it did not go live",))
    route = ports.routes.current()
    assert route is not None and route.version == chain[1]
    assert steps.restore(chain[2], "again", ports=ports) == chain[1], "a second run changes nothing"
    assert len(history(ports)) == 4


def test_restoring_what_is_not_the_champion_serves_the_champion(ports: fakes.FakePorts, chain: list[str]) -> None:
    for other in (chain[0], None):
        assert steps.restore(other, "held", ports=ports) == chain[2]
    assert len(history(ports)) == 3


def test_the_first_champion_has_none_to_restore(ports: fakes.FakePorts) -> None:
    first, decision = version(ports, 1)
    assert steps.restore(first, "never promoted", ports=ports) is None
    steps.promote(first, decision, None, ports=ports)
    with pytest.raises(errors.MedpipeError) as refusal:
        steps.restore(first, "it did not go live", ports=ports)
    assert str(refusal.value) == (
        f"{first} is the first champion, so there is no earlier one to restore: "
        "find out why it did not go live, then deploy it again"
    )
    assert ports.ledger.champion() == first


def test_rolling_back_goes_to_the_champion_before(ports: fakes.FakePorts, chain: list[str]) -> None:
    assert steps.roll_back("worse for users", ports=ports) == chain[1]
    assert history(ports)[-1] == ("rolled-back", chain[1], ref("decision", 2), ("worse for users",))
    route = ports.routes.current()
    assert (ports.registry.champion(), route and route.version) == (2, chain[1])


def test_rolling_back_skips_champions_that_learned_the_documents(ports: fakes.FakePorts, chain: list[str]) -> None:
    assert steps.roll_back("retracted", ("pmid:2",), ports=ports) == chain[0]


def test_without_a_clean_earlier_champion_nothing_is_rolled_back(ports: fakes.FakePorts, chain: list[str]) -> None:
    with pytest.raises(errors.MedpipeError, match="every earlier champion carries pmid:1, pmid:2, or there is none"):
        steps.roll_back("retracted", ("pmid:1", "pmid:2"), ports=ports)
    assert ports.ledger.champion() == chain[2]


def test_the_only_champion_cannot_be_rolled_back(ports: fakes.FakePorts) -> None:
    with pytest.raises(errors.MedpipeError) as refusal:
        steps.roll_back("worse", ports=ports)
    assert str(refusal.value) == "there is no champion to roll back from: promote a version first"
    first, decision = version(ports, 1)
    steps.promote(first, decision, None, ports=ports)
    with pytest.raises(errors.MedpipeError) as refusal:
        steps.roll_back("worse", ports=ports)
    assert str(refusal.value) == (
        "every earlier champion carries the fault, or there is none: start a hotfix retrain from the base instead"
    )


def test_a_champion_that_changes_during_the_rollback_stays(
    ports: fakes.FakePorts, chain: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports.ledger, "swap_champion", lambda *arguments, **options: False)
    with pytest.raises(errors.ChampionMoved, match=f"the champion is no longer {chain[2]}"):
        steps.roll_back("worse", ports=ports)
    assert ports.registry.champion() == 3
