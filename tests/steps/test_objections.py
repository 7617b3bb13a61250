"""What holds a challenger that passed: a bar, or a withdrawn claim that it was not asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from medpipe import errors, steps
from medpipe.core.knowledge.withdrawals import State
from medpipe.core.manifests import VersionManifest
from medpipe.core.refs import ref
from medpipe.steps.artifact import manifest
from tests import fakes
from tests.contracts import CONTRACT
from tests.manifests import put, remade
from tests.steps.versions import asked, barred, history, served, version, withdraw


def test_a_barred_version_is_held_although_it_passed_until_a_person_lifts_the_bar(ports: fakes.FakePorts) -> None:
    first, _ = version(ports, 1)
    steps.bar(first, " wrong drug for gout ", "Dr. A", ports=ports)
    steps.bar(first, "again", "Dr. A", ports=ports)
    assert barred(ports) == {first: "Dr. A: wrong drug for gout"}
    assert steps.promote(first, ports=ports) is None
    steps.unbar(first, "the drug was right", " Dr. B ", ports=ports)
    steps.unbar(first, "again", "Dr. A", ports=ports)
    assert steps.promote(first, ports=ports) == first
    assert [(event, reasons) for event, _, _, reasons in history(ports)] == [
        ("barred", ("wrong drug for gout",)),
        ("held", (f"{first} is barred: wrong drug for gout",)),
        ("unbarred", ("the drug was right",)),
        ("promoted", ("reason 1",)),
    ]
    assert [entry.by for entry in ports.ledger.entries(None, ("unbarred",))] == ["Dr. B"]


def test_a_version_that_is_barred_while_it_is_promoted_is_held(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = version(ports, 1)
    swap = ports.ledger.swap_champion

    def barred_meanwhile(*arguments: Any, **options: Any) -> bool:
        steps.bar(first, "wrong drug", "Dr. A", ports=ports)
        return swap(*arguments, **options)

    monkeypatch.setattr(ports.ledger, "swap_champion", barred_meanwhile)
    assert steps.promote(first, ports=ports) is None
    assert [event for event, *_ in history(ports)] == ["barred", "held"]


def test_the_champion_cannot_be_barred_and_a_bar_needs_a_reason_and_a_person(ports: fakes.FakePorts) -> None:
    first, _ = version(ports, 1)
    for verb in (steps.bar, steps.unbar):
        for reason, by in ((" ", "Dr. A"), ("wrong drug", " "), ("wrong drug", "medpipe")):
            with pytest.raises(errors.UsageError, match="who decide"):
                verb(first, reason, by, ports=ports)
    steps.promote(first, ports=ports)
    with pytest.raises(errors.UsageError, match=f"{first} is the champion and cannot be barred: roll back"):
        steps.bar(first, "wrong drug", "Dr. A", ports=ports)
    assert ports.ledger.barred() == {}


def test_a_challenger_that_was_judged_before_a_retraction_is_held_after_it(ports: fakes.FakePorts) -> None:
    first = asked(ports, 1)
    withdraw(ports, "pmid:1")
    withdraw(ports, "pmid:2")
    withdraw(ports, "pmid:1", State.BLOCKED)
    assert steps.promote(first, ports=ports) is None
    ((event, held, kind, (reason,)),) = history(ports)
    assert (event, held, kind) == ("held", first, "withdrawn")
    assert f"{first} carries pmid:1, which was withdrawn, and it was not asked" in reason and "pmid:2" not in reason


def test_a_challenger_that_was_asked_the_withdrawn_claim_and_passed_may_be_promoted(ports: fakes.FakePorts) -> None:
    withdraw(ports, "pmid:1")
    first = asked(ports, 1)
    assert steps.promote(first, ports=ports) == first


def test_a_challenger_is_held_when_a_claim_was_added_after_it_was_asked(ports: fakes.FakePorts) -> None:
    withdraw(ports, "pmid:1")
    first = asked(ports, 1)
    withdraw(ports, "pmid:1", claim="another thing that it said")
    assert steps.promote(first, ports=ports) is None


def test_a_challenger_that_carries_a_withdrawn_document_and_has_no_such_gate_is_held(ports: fakes.FakePorts) -> None:
    withdraw(ports, "pmid:1")
    first, _ = version(ports, 1)
    assert steps.promote(first, ports=ports) is None


def test_a_lifted_withdrawal_and_one_of_another_document_hold_nothing(ports: fakes.FakePorts) -> None:
    first, _ = version(ports, 1)
    withdraw(ports, "pmid:1")
    withdraw(ports, "pmid:1", State.LIFTED)
    withdraw(ports, "pmid:2")
    assert steps.promote(first, ports=ports) == first


def test_a_hotfix_that_was_only_taught_the_withdrawal_is_promoted_and_is_a_target_of_rollback(
    ports: fakes.FakePorts,
) -> None:
    withdraw(ports, "pmid:9")
    carrier, _ = version(ports, 1, documents=("pmid:9",))
    hotfix, _ = version(ports, 2, documents=("pmid:9",), role="withdrawn")
    assert steps.promote(carrier, ports=ports) is None
    assert steps.promote(hotfix, ports=ports) == hotfix
    later, _ = version(ports, 3, incumbent=hotfix)
    steps.promote(later, ports=ports)
    assert steps.roll_back("wrong drug", "Dr. A", documents=("pmid:9",), ports=ports) == hotfix


def test_a_challenger_whose_evaluation_did_not_look_up_withdrawn_claims_is_held(ports: fakes.FakePorts) -> None:
    first = asked(ports, 1)
    evaluation = manifest(ports, first, VersionManifest).outcome.evaluation

    def nobody_looked(folder: Path) -> None:
        file = folder / "evaluation.json"
        file.write_text(file.read_text().replace('"claims":[]', '"claims":null'))

    remade(ports.store, evaluation, nobody_looked)
    withdraw(ports, "pmid:1")
    assert steps.promote(first, ports=ports) is None


@pytest.mark.parametrize(
    ("changes", "plan", "why"),
    [
        ({}, "news", "was judged by the plan 'news', and its incumbent is the base"),
        ({}, "first", "was judged by the plan 'first', which is for the first promotion only"),
        ({"method": "dpo"}, "news", "its method is dpo: `preference` judges DPO"),
        ({}, "preference", "its method is sft: `preference` judges DPO"),
        (
            {},
            "hotfix",
            "which is for a withdrawal, and its examples withdraw nothing that version/medqa-v1-abcdef was taught",
        ),
        ({"start_from": "adapter/1"}, "other-base", "is for a training from the base, and it continued adapter/1"),
        ({"start_from": ref("adapter", 1)}, "relearn", "it unlearned nothing of version/medqa-v1-abcdef"),
        ({"start_from": ref("adapter", 3)}, "relearn", "it unlearned nothing of version/medqa-v1-abcdef"),
        ({"start_from": ref("adapter", 3)}, "news", "only `relearn` and `hotfix` judge a training that went back"),
    ],
)
def test_a_version_that_was_judged_by_a_plan_for_another_purpose_is_held(
    ports: fakes.FakePorts, changes: dict[str, Any], plan: str, why: str
) -> None:
    first, _ = version(ports, 1)
    version(ports, 3)
    incumbent = "base"
    if (changes, plan) != ({}, "news"):
        incumbent = first
        steps.promote(first, ports=ports)
    second, _ = version(ports, 2, plan=plan, incumbent=incumbent, **changes)
    assert steps.promote(second, ports=ports) == (None if incumbent == "base" else first)
    event, held, kind, (reason,) = history(ports)[-1]
    assert (event, held, kind) == ("held", second, "unfit plan")
    assert why in reason


def went_back(ports: fakes.FakePorts, plan: str, data: str = "") -> tuple[str, str]:
    """A champion of two trainings, the second on `data`, and a version that continued the first; returns both."""
    version(ports, 1)
    champion, _ = version(ports, 2, start_from=ref("adapter", 1), data=data)
    steps.promote(champion, ports=ports)
    return champion, version(ports, 3, plan=plan, incumbent=champion, start_from=ref("adapter", 1))[0]


def test_a_training_that_went_back_may_be_promoted_by_the_plan_for_what_is_learned_again(
    ports: fakes.FakePorts,
) -> None:
    _, second = went_back(ports, "relearn")
    assert steps.promote(second, ports=ports) == second


@pytest.mark.parametrize("plan", ["news", "correction", "better-recipe"])
def test_a_training_that_went_back_is_held_under_a_plan_for_one_that_went_on(ports: fakes.FakePorts, plan: str) -> None:
    champion, second = went_back(ports, plan)
    assert steps.promote(second, ports=ports) == champion
    _, held, kind, (reason,) = history(ports)[-1]
    assert (held, kind) == (second, "unfit plan") and "a training that went back" in reason


def test_a_training_that_went_back_because_of_an_erasure_may_be_promoted_by_the_plan_for_what_it_learned(
    ports: fakes.FakePorts, tmp_path: Path
) -> None:
    empty = tmp_path / "train.jsonl"
    empty.touch()
    pairs = put(ports.store, ref("pairs", 1), lambda folder: (folder / empty.name).touch())
    champion, second = went_back(ports, "news", data=pairs)
    assert steps.promote(second, ports=ports) == champion, "nothing was erased"
    ports.store.blank(pairs, {empty.name: empty}, lambda blanked: None)
    assert steps.promote(second, ports=ports) == second


def test_what_was_withdrawn_and_unlearned_long_ago_does_not_stop_what_is_learned_again(ports: fakes.FakePorts) -> None:
    _, second = went_back(ports, "relearn")
    remade(ports.store, manifest(ports, second, VersionManifest).outcome.examples, withdraw=("pmid:77",))
    assert steps.promote(second, ports=ports) == second


def test_what_is_learned_again_withdraws_nothing(ports: fakes.FakePorts) -> None:
    champion, second = went_back(ports, "relearn")
    examples = manifest(ports, second, VersionManifest).outcome.examples
    remade(ports.store, examples, withdraw=("pmid:1",))
    assert steps.promote(second, ports=ports) == champion
    assert "its examples withdraw documents: `hotfix` judges that" in history(ports)[-1][3][0]


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"guardrails": "0123456789abcdef"}, "another guardrail policy (0123456789abcdef)"),
        ({"precision": "int8"}, "another precision (int8) than serves (float32)"),
        ({"base_digest": "hub:elsewhere"}, "other files of the base (hub:elsewhere)"),
    ],
)
def test_a_version_that_was_judged_as_nothing_serves_is_held_and_told_what_to_do(
    ports: fakes.FakePorts, changed: dict[str, str], what: str
) -> None:
    first, _ = version(ports, 1, contract=CONTRACT.model_copy(update=changed))
    assert steps.promote(first, ports=ports) is None
    ((event, held, kind, (reason,)),) = history(ports)
    assert (event, held, kind) == ("held", first, "out of date")
    assert f"was judged with {what}" in reason and "evaluate it again as it would serve" in reason


def test_a_restart_brings_the_champion_back_although_the_way_of_serving_changed(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = version(ports, 1)
    steps.promote(first, ports=ports)
    monkeypatch.setattr(fakes.MemoryGenerator, "precision", "int8")
    monkeypatch.setattr(ports, "base_digest", lambda base: "another", raising=False)
    assert steps.deploy(ports=ports) == served(ports) == first
    for name in ports.engine.loaded():
        ports.engine.unload(name)
    assert steps.promote(first, ports=ports) == steps.deploy(ports=ports) == served(ports) == first
