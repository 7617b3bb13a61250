"""The whole loop through the verbs, with fakes for the slow ports."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from medpipe import errors, records, steps
from medpipe.core.corpus.document import Status
from medpipe.core.manifests import (
    CorpusManifest,
    DecisionManifest,
    DecisionOutcome,
    DriftManifest,
    TraceManifest,
    ValidationManifest,
    VersionManifest,
)
from medpipe.core.teaching import questions
from medpipe.core.teaching.example import Example
from medpipe.steps.artifact import manifest
from tests import fakes
from tests.steps.conftest import DAY_1, DAY_2, DAY_3, DAY_4, NEW, OLD, RETRACTED, article, publish, topic, withdraw

pytestmark = pytest.mark.integration


def refresh(ports: fakes.FakePorts, start: date, end: date, previous: str | None = None) -> str:
    pulled = steps.pull("medlineplus", start, end, ports=ports)
    return steps.build_corpus((steps.validate(pulled, "documents", ports=ports),), previous, ports=ports)


def retrain(
    ports: fakes.FakePorts,
    corpus: str,
    recipe: str = "tiny-sft",
    measured: bool = False,
    reason: str = "",
    **wish: object,
) -> tuple[str, str]:
    """Run the verbs of the retrain DAG; return the version and the decision. `measured`: the plan knows the corpus."""
    champion = steps.champion(ports=ports)
    plan = steps.plan_retrain(champion, recipe, corpus=corpus if measured else None, ports=ports, **wish)
    anchor = steps.freeze_anchor(champion, ports=ports)
    examples = steps.build_examples(
        corpus, recipe, plan.since, plan.knows, tuple(wish.get("withdraw", ())), plan.start, ports=ports
    )
    steps.validate(examples, "examples", ports=ports)
    adapter = steps.train(recipe, examples, plan.start, ports=ports)
    challenger = steps.evaluate(adapter, recipe, examples, anchor=anchor, ports=ports)
    incumbent = steps.evaluate(plan.incumbent, recipe, examples, anchor=anchor, ports=ports)
    decision = steps.compare(challenger, incumbent, plan.gates, ports=ports)
    version = steps.register(
        adapter, challenger, decision, examples, plan.start, plan.incumbent, reason=reason, ports=ports
    )
    return version, decision


def judged(ports: fakes.FakePorts, decision: str) -> DecisionOutcome:
    return manifest(ports, decision, DecisionManifest).outcome


def first_champion(ports: fakes.FakePorts) -> tuple[str, str]:
    publish(ports, [*(topic(number) for number in OLD), article()])
    corpus = refresh(ports, DAY_1, DAY_2)
    version, _ = retrain(ports, corpus)
    assert steps.promote(version, ports=ports) == version
    return corpus, version


def second_corpus(ports: fakes.FakePorts, first: str) -> str:
    publish(ports, [*(topic(number, DAY_2) for number in NEW), article(Status.RETRACTED, DAY_2)])
    return refresh(ports, DAY_2, DAY_3, first)


def promote_hotfix(ports: fakes.FakePorts) -> str:
    """Make a hotfix the champion: an untainted training without the retracted article."""
    first, _ = first_champion(ports)
    corpus = second_corpus(ports, first)
    steps.open_withdrawals(corpus, ports=ports)
    version, _ = retrain(ports, corpus, documents=(RETRACTED,), withdraw=(RETRACTED,))
    return steps.promote(version, ports=ports)


def test_the_first_champion_is_promoted_against_the_base(ports):
    _, version = first_champion(ports)
    assert steps.champion(ports=ports) == version
    assert ports.registry.champion() == 1


def test_the_same_inputs_give_the_same_refs_and_run_once(ports):
    corpus, _version = first_champion(ports)
    assert refresh(ports, DAY_1, DAY_2) == corpus
    assert len(list(ports.store.manifests(VersionManifest))) == 1
    publish(ports, [topic(NEW[0])])
    assert refresh(ports, DAY_1, DAY_2) != corpus, "the publisher is asked again"


def test_a_challenger_without_replay_is_held_and_the_reason_names_old_knowledge(ports):
    first, champion = first_champion(ports)
    version, decision = retrain(ports, second_corpus(ports, first), "tiny-sft-no-replay")
    assert judged(ports, decision).outcome != "pass"
    assert any("old-knowledge" in reason for reason in judged(ports, decision).reasons)
    assert steps.promote(version, ports=ports) == champion
    assert steps.champion(ports=ports) == champion


def test_a_shuffled_control_is_held(ports):
    corpus, champion = first_champion(ports)
    version, decision = retrain(ports, corpus, "tiny-sft-shuffled", start_from="base")
    assert judged(ports, decision).outcome == "fail"
    assert steps.promote(version, ports=ports) == champion


def test_drift_asks_for_a_retrain_when_the_corpus_changed_and_holds_when_it_did_not(ports):
    first, champion = first_champion(ports)
    assert manifest(ports, steps.detect_drift(first, champion, ports=ports), DriftManifest).outcome.verdict == "hold"
    changed = steps.detect_drift(second_corpus(ports, first), champion, ports=ports)
    assert manifest(ports, changed, DriftManifest).outcome.verdict == "retrain"
    assert manifest(ports, changed, DriftManifest).outcome.method == "sft"


def test_drift_asks_for_a_first_training_when_there_is_no_champion(ports):
    publish(ports, [topic(number) for number in OLD])
    drift = steps.detect_drift(refresh(ports, DAY_1, DAY_2), None, ports=ports)
    assert manifest(ports, drift, DriftManifest).outcome.verdict == "retrain"


def test_a_hotfix_starts_from_an_ancestor_that_never_learned_the_retracted_article(ports):
    first, champion = first_champion(ports)
    second = second_corpus(ports, first)
    traced = manifest(ports, steps.trace((RETRACTED,), ports=ports), TraceManifest).outcome
    assert traced.versions == (champion,)
    plan = steps.plan_retrain(champion, "tiny-sft", documents=(RETRACTED,), withdraw=(RETRACTED,), ports=ports)
    assert plan.start == "base"
    assert plan.gates == "hotfix"
    withdraw(ports, article())
    examples = steps.build_examples(second, "tiny-sft", plan.since, plan.knows, (RETRACTED,), ports=ports)
    taught = records.read(ports.store.folder(examples) / "train.jsonl", Example)
    about = [example for example in taught if "wendrazole" in example.question.lower()]
    assert about
    assert not any("cures" in example.answer.lower() for example in about)


def test_a_hotfix_from_an_older_ancestor_teaches_again_what_was_learned_since(ports):
    publish(ports, [topic(number) for number in OLD])
    first = refresh(ports, DAY_1, DAY_2)
    ancestor, _ = retrain(ports, first)
    steps.promote(ancestor, ports=ports)
    publish(ports, [*(topic(number, DAY_2) for number in NEW), article(day=DAY_2)])
    second = refresh(ports, DAY_2, DAY_3, first)
    version, _ = retrain(ports, second)
    steps.promote(version, ports=ports)
    publish(ports, [article(Status.RETRACTED, DAY_3)])
    third = refresh(ports, DAY_3, DAY_4, second)
    withdraw(ports, article(day=DAY_2))
    plan = steps.plan_retrain(version, "tiny-sft", documents=(RETRACTED,), ports=ports)
    assert (plan.start, plan.knows, plan.since) == (ancestor, ancestor, version)
    examples = steps.build_examples(third, "tiny-sft", plan.since, plan.knows, (RETRACTED,), ports=ports)
    taught = records.read(ports.store.folder(examples) / "train.jsonl", Example)
    fresh = {id for example in taught if not example.replay for id in example.document_ids}
    assert fresh == {RETRACTED, *(topic(number).id for number in NEW)}


def test_withdrawing_an_article_without_a_withdrawal_in_the_register_is_refused_by_name(ports):
    first, _ = first_champion(ports)
    with pytest.raises(errors.MedpipeError, match=RETRACTED):
        steps.build_examples(first, "tiny-sft", None, None, (RETRACTED,), ports=ports)


def test_an_unvalidated_pull_never_enters_the_corpus(ports):
    publish(ports, [topic(1)])
    pulled = steps.pull("medlineplus", DAY_1, DAY_2, ports=ports)
    with pytest.raises(errors.NotValidated, match="validate"):
        steps.build_corpus((pulled,), ports=ports)


def test_bad_rows_are_quarantined_with_reasons_and_the_rest_goes_on(ports):
    publish(ports, [topic(1), topic(2), topic(3).model_copy(update={"title": " "})])
    corpus = refresh(ports, DAY_1, DAY_2)
    assert manifest(ports, corpus, CorpusManifest).outcome.documents == {"current": 2}
    (validation,) = ports.store.manifests(ValidationManifest)
    (row,) = records.read_rows(ports.store.folder(validation.ref) / "quarantine.jsonl")
    assert row["reasons"] == ["the title is blank"]
    assert row["row"]["id"] == "mplus:900003"


def test_a_bad_batch_stops_before_the_corpus(ports):
    publish(ports, [topic(number).model_copy(update={"title": ""}) for number in range(3)])
    pulled = steps.pull("medlineplus", DAY_1, DAY_2, ports=ports)
    with pytest.raises(errors.BatchRejected, match="3 of 3 rows are bad"):
        steps.validate(pulled, "documents", ports=ports)
    with pytest.raises(errors.NotValidated):
        steps.build_corpus((pulled,), ports=ports)


def test_a_promotion_against_a_champion_that_moved_is_refused(ports):
    first, champion = first_champion(ports)
    version, decision = retrain(ports, second_corpus(ports, first))
    assert judged(ports, decision).outcome == "pass", judged(ports, decision).reasons
    other, _ = retrain(ports, first, start_from="base")
    ports.ledger.swap_champion(champion, other, decision, ())
    with pytest.raises(errors.ChampionMoved):
        steps.promote(version, ports=ports)
    assert steps.champion(ports=ports) == other


def test_deploy_routes_to_the_champion_and_roll_back_restores_its_parent(ports):
    first, champion = first_champion(ports)
    steps.deploy(ports=ports)
    version, _ = retrain(ports, second_corpus(ports, first))
    steps.promote(version, ports=ports)
    steps.deploy(ports=ports)
    assert ports.routes.current().version == version
    assert steps.roll_back("answers look wrong", "Dr. A", ports=ports) == champion
    assert ports.routes.current().version == champion
    assert steps.champion(ports=ports) == champion
    assert "rolled-back" in [entry.event for entry in ports.ledger.entries()]


def test_restoring_undoes_a_promotion_that_did_not_go_live_and_nothing_else(ports):
    first, champion = first_champion(ports)
    steps.deploy(ports=ports)
    version, _ = retrain(ports, second_corpus(ports, first))
    assert steps.restore(version, "engine down", ports=ports) == champion, "it was not promoted: nothing to undo"
    steps.promote(version, ports=ports)
    for _ in range(2):
        assert steps.restore(version, "engine down", ports=ports) == champion
        assert (steps.champion(ports=ports), ports.registry.champion()) == (champion, 1)
    assert ports.routes.current().version == champion
    assert [entry.event for entry in ports.ledger.entries()].count("rolled-back") == 1


def test_the_first_champion_cannot_be_undone(ports):
    _, champion = first_champion(ports)
    with pytest.raises(errors.MedpipeError, match="no earlier champion"):
        steps.restore(champion, "engine down", ports=ports)
    assert steps.champion(ports=ports) == champion


def test_a_rollback_sticks_whatever_the_next_watch_asks_for(ports):
    first, champion = first_champion(ports)
    version, _ = retrain(ports, second_corpus(ports, first))
    assert steps.promote(version, ports=ports) == steps.deploy(ports=ports) == version
    assert steps.roll_back("answers look wrong", "Dr. A", ports=ports) == champion
    again, _ = retrain(ports, second_corpus(ports, first))
    assert again == version, "nothing changed, so the retrain ends in the version that was rolled back"
    assert steps.promote(again, ports=ports) == steps.deploy(ports=ports) == champion
    assert "answers look wrong" in ports.ledger.entries(1, ("held",))[0].reasons[0]


def test_a_promotion_killed_before_the_alias_moved_is_completed_by_the_next_try(ports):
    first, champion = first_champion(ports)
    version, decision = retrain(ports, second_corpus(ports, first))
    ports.ledger.swap_champion(champion, version, decision, ())  # as far as the killed run came
    assert ports.registry.champion() == 1
    assert steps.promote(version, ports=ports) == version
    assert ports.registry.champion() == 2


@pytest.fixture
def many_phrasings(monkeypatch):
    """Every fact is asked in five times as many held-out phrasings."""
    held_out = questions.held_out
    starts = ("", "Please say: ", "I wonder: ", "Tell me: ", "In short: ")
    monkeypatch.setattr(
        questions, "held_out", lambda *fact: tuple(start + text for start in starts for text in held_out(*fact))
    )


@pytest.mark.usefixtures("many_phrasings")
def test_a_hotfix_goes_back_to_the_champion_before_it_though_it_was_trained_from_the_base(ports):
    first, champion = first_champion(ports)
    steps.deploy(ports=ports)
    second = second_corpus(ports, first)
    withdraw(ports, article())
    steps.confirm_blocks(ports=ports)
    version, decision = retrain(ports, second, documents=(RETRACTED,), withdraw=(RETRACTED,))
    assert judged(ports, decision).outcome == "pass", judged(ports, decision).reasons
    assert manifest(ports, version, VersionManifest).outcome.parent == "base"
    steps.promote(version, ports=ports)
    assert steps.roll_back("worse for users", "Dr. A", ports=ports) == champion


def test_topics_that_were_learned_wrongly_are_judged_without_a_claim_to_withdraw(ports):
    first, _ = first_champion(ports)
    _, decision = retrain(ports, first, documents=(topic(1).id,))
    assert judged(ports, decision).plan == "relearn"
    assert judged(ports, decision).outcome == "pass", judged(ports, decision).reasons


def test_dpo_before_any_champion_is_refused(ports):
    with pytest.raises(errors.MedpipeError, match="SFT recipe first"):
        steps.plan_retrain(None, "tiny-dpo", ports=ports)


def test_feedback_without_news_gives_no_pairs(ports):
    corpus, _ = first_champion(ports)
    feedback = steps.collect_feedback(datetime(2026, 3, 4, tzinfo=UTC), ports=ports)
    steps.validate(feedback, "feedback", ports=ports)
    assert steps.build_pairs(feedback, corpus, ports=ports) is None


def test_an_adapter_of_a_base_that_was_rebuilt_is_neither_judged_nor_trained_on(ports):
    first, champion = first_champion(ports)
    base = ports.settings.models_folder / ports.recipe("tiny-sft").base
    base.mkdir(parents=True)
    (base / "config.json").write_text('{"hidden_size": 192}')
    with pytest.raises(errors.MedpipeError, match="trained on another medpipe-sandbox/tiny-llama"):
        retrain(ports, second_corpus(ports, first))
    assert steps.champion(ports=ports) == champion
