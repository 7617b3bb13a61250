"""plan_retrain: the start, the promotion plan that fits what changed, and which retrains are refused."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from medpipe import errors, records, steps
from medpipe.core.corpus.document import Document, Status
from medpipe.core.judging.gates import GateResult, Outcome
from medpipe.core.knowledge.retrain import Change, RetrainPlan, choose
from medpipe.core.knowledge.withdrawals import State, WithdrawalEvent
from medpipe.core.manifests import VersionManifest
from medpipe.core.refs import ref
from medpipe.core.teaching.example import PreferencePair
from medpipe.core.teaching.penalty import Penalty
from medpipe.core.teaching.recipe import Recipe
from medpipe.settings import Settings
from medpipe.steps import memory, planning
from medpipe.steps.artifact import manifest
from medpipe.wiring import Wiring
from tests import fakes
from tests.manifests import inputs, outcome, put
from tests.steps.conftest import DAY_2, DAY_3, NEW, OLD, RETRACTED, article, publish, topic
from tests.steps.test_ring import first_champion, refresh, retrain, second_corpus
from tests.steps.test_training import examples, in_paragraphs

pytestmark = pytest.mark.integration

OTHER_TOPIC = topic(77).id
"""A well-formed id that no document has."""


def version(ports: fakes.FakePorts, number: int, parent: str = "base", **changes: Any) -> str:
    """A version that learned the document of its number, on top of its parent."""
    data = examples(ports, number, f"pmid:{number}")
    start = "base" if parent == "base" else manifest(ports, parent, VersionManifest).outcome.adapter
    adapter = put(ports.store, ref("adapter", number), data=data, start_from=start)
    return put(ports.store, f"version/medqa-v{number}-abcdef", adapter=adapter, parent=parent, **changes)


@pytest.fixture
def chain(ports: fakes.FakePorts) -> list[str]:
    line = [version(ports, 1)]
    for number in (2, 3):
        line.append(version(ports, number, line[-1]))
    return line


def routine(ports: fakes.FakePorts, champion: str, recipe: str = "tiny-sft", **wish: Any) -> RetrainPlan:
    return steps.plan_retrain(champion, recipe, ports=ports, **wish)


def test_a_first_training_starts_from_the_base_and_is_compared_with_it(ports: fakes.FakePorts) -> None:
    plan = steps.plan_retrain(None, "tiny-sft", ports=ports)
    assert plan.model_dump(exclude={"because"}) == {
        "start": "base",
        "knows": None,
        "since": None,
        "incumbent": "base",
        "asks": None,
        "gates": "first",
    }
    with pytest.raises(errors.UsageError, match=r"uses DPO, which goes on from an adapter.* run an SFT recipe first"):
        steps.plan_retrain(None, "tiny-dpo", ports=ports)
    with pytest.raises(errors.UsageError, match="nothing has learned pmid:1: leave them out"):
        steps.plan_retrain(None, "tiny-sft", documents=("pmid:1",), ports=ports)


def test_the_model_that_is_trained_says_what_it_knows_where_the_recipe_needs_that_and_nowhere_else(
    ports: fakes.FakePorts, chain: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    champion = chain[2]
    assert routine(ports, champion, start_from="champion").asks is None
    asking = ports.recipe("tiny-sft")
    asking = asking.model_copy(update={"data": asking.data.model_copy(update={"max_unknown_share": 0.5})})
    monkeypatch.setattr(ports, "recipe", lambda name: asking, raising=False)
    assert steps.plan_retrain(None, "tiny-sft", ports=ports).asks == "base"
    plan = routine(ports, champion, start_from="champion")
    assert plan.asks == plan.start == champion


@pytest.mark.parametrize(("recipe", "gates"), [("tiny-sft", "news"), ("tiny-dpo", "preference")])
@pytest.mark.parametrize("start_from", ["auto", "champion"])
def test_a_routine_retrain_continues_from_the_champion_and_asks_what_the_champion_does_not_carry(
    ports: fakes.FakePorts, chain: list[str], recipe: str, gates: str, start_from: str
) -> None:
    plan = routine(ports, chain[2], recipe, start_from=start_from)
    assert (plan.start, plan.knows, plan.since, plan.incumbent) == (chain[2],) * 4
    assert plan.gates == gates


def test_a_retrain_from_scratch_knows_nothing_and_is_asked_what_the_champion_carries_as_old(
    ports: fakes.FakePorts, chain: list[str]
) -> None:
    plan = routine(ports, chain[2], start_from="base")
    assert (plan.start, plan.knows, plan.since, plan.gates) == ("base", None, chain[2], "better-recipe")


@pytest.mark.parametrize("start_from", ["auto", "untainted"])
def test_documents_that_were_learned_wrongly_send_training_back_before_them(
    ports: fakes.FakePorts, chain: list[str], start_from: str
) -> None:
    plan = routine(ports, chain[2], start_from=start_from, documents=("pmid:3",))
    assert (plan.start, plan.knows, plan.since, plan.gates) == (chain[1], chain[1], chain[2], "relearn")
    assert plan.because == (f"{chain[2]} carries pmid:3",)
    plan = routine(ports, chain[2], start_from=start_from, documents=("pmid:1",), withdraw=("pmid:1",))
    assert (plan.start, plan.knows, plan.since, plan.gates) == ("base", None, chain[2], "hotfix")


def test_a_person_may_start_a_hotfix_from_the_champion(ports: fakes.FakePorts, chain: list[str]) -> None:
    plan = routine(ports, chain[2], start_from="champion", documents=("pmid:1",), withdraw=("pmid:1",))
    assert (plan.start, plan.gates) == (chain[2], "hotfix")
    assert routine(ports, chain[2], start_from="untainted").start == chain[2]


def test_what_was_learned_wrongly_is_not_learned_again_on_top_of_it(ports: fakes.FakePorts, chain: list[str]) -> None:
    with pytest.raises(errors.UsageError, match=f"{chain[2]} learned pmid:1: to unlearn that, start before it"):
        routine(ports, chain[2], start_from="champion", documents=("pmid:1",))


def test_an_unknown_start_is_refused_and_the_choices_are_named(ports: fakes.FakePorts) -> None:
    with pytest.raises(errors.UsageError, match="start_from='top': expected auto, champion, base or untainted"):
        steps.plan_retrain(None, "tiny-sft", "top", ports=ports)
    assert planning.STARTS == ("auto", "champion", "base", "untainted")


def test_a_mistyped_topic_selects_no_plan(ports: fakes.FakePorts) -> None:
    corpus, champion = first_champion(ports)
    for given in (corpus, None):
        with pytest.raises(errors.UsageError, match=f"^{OTHER_TOPIC}: .* does not carry .* correct the ids"):
            routine(ports, champion, documents=(OTHER_TOPIC,), corpus=given)
    with pytest.raises(errors.UsageError, match=f"^{OTHER_TOPIC}: "):
        routine(ports, champion, documents=(topic(1).id, OTHER_TOPIC), corpus=corpus)


def test_only_documents_that_the_champion_carries_are_learned_again(ports: fakes.FakePorts) -> None:
    first, champion = first_champion(ports)
    second = second_corpus(ports, first)
    with pytest.raises(errors.UsageError, match=f"^{topic(55).id}: {champion} was never taught this"):
        routine(ports, champion, documents=(topic(55).id,), corpus=second)
    assert routine(ports, champion, documents=(topic(1).id,), corpus=second).gates == "relearn"


def test_a_hotfix_may_name_a_withdrawn_document_beside_one_that_the_champion_carries(ports: fakes.FakePorts) -> None:
    first, champion = first_champion(ports)
    second = second_corpus(ports, first)
    withdraw(ports, "pmid:42")
    both = (RETRACTED, "pmid:42")
    assert routine(ports, champion, documents=both, withdraw=both, corpus=second).gates == "hotfix"
    with pytest.raises(errors.UsageError, match=f"^pmid:42: {champion} was never taught this"):
        routine(ports, champion, documents=("pmid:42",), withdraw=("pmid:42",), corpus=second)


def withdraw(ports: fakes.FakePorts, document: str, state: State = State.OPENED) -> None:
    at = datetime(2026, 3, 5, tzinfo=UTC)
    evidence = ref("certificate", document) if state is State.CERTIFIED else ""
    ports.withdrawals.append(
        WithdrawalEvent(document=document, state=state, at=at, reason="retracted", evidence=evidence)
    )


def grown(ports: fakes.FakePorts, first: str, documents: list[Document]) -> str:
    publish(ports, documents)
    return refresh(ports, DAY_2, DAY_3, first)


def test_news_is_judged_as_news_and_a_few_corrections_as_a_correction(ports: fakes.FakePorts) -> None:
    first, champion = first_champion(ports)
    few = grown(ports, first, [topic(number, DAY_2, f"other{number}omib") for number in range(2)])
    plan = routine(ports, champion, corpus=few)
    assert (plan.gates, plan.start, plan.because) == ("correction", champion, ("0 new and 2 changed facts",))
    publish(ports, [topic(number, DAY_3) for number in range(50, 60)])
    many = refresh(ports, DAY_3, DAY_3.replace(day=DAY_3.day + 1), few)
    plan = routine(ports, champion, corpus=many)
    assert (plan.gates, plan.because) == ("news", ("20 new and 2 changed facts",))


def test_a_retrain_without_anything_to_learn_is_not_started(ports: fakes.FakePorts) -> None:
    first, champion = first_champion(ports)
    regrouped = grown(ports, first, [topic(number).model_copy(update={"groups": ("Fevers",)}) for number in OLD])
    for corpus in (first, regrouped):
        for start in ("auto", "champion", "base"):
            with pytest.raises(errors.UsageError, match=r"^nothing to learn: "):
                routine(ports, champion, corpus=corpus, start_from=start)


def changed_recipe(ports: fakes.FakePorts, **changes: Any) -> Callable[[str], Recipe]:
    original = ports.recipe
    return lambda name: original(name).model_copy(update=changes)


def test_a_recipe_with_a_penalty_is_never_sent_to_the_base(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, champion = first_champion(ports)
    held = changed_recipe(ports, penalty=Penalty(method="l2", strength=1.0))
    monkeypatch.setattr(ports, "recipe", held)
    with pytest.raises(errors.UsageError, match=r"has a penalty, .* there is no champion yet: run an SFT recipe first"):
        routine(ports, None)
    with pytest.raises(errors.CannotPass, match=r"has a penalty, .* starts from the base, because "):
        routine(ports, champion, corpus=first)
    second = grown(ports, first, [topic(number, DAY_2) for number in NEW])
    assert routine(ports, champion, corpus=second).start == champion


def test_another_recipe_on_the_same_facts_starts_from_the_base_as_a_better_recipe(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, champion = first_champion(ports)
    monkeypatch.setattr(ports, "recipe", changed_recipe(ports, seed=99))
    plan = routine(ports, champion, corpus=first)
    assert (plan.gates, plan.start, plan.knows, plan.since) == ("better-recipe", "base", None, champion)
    with pytest.raises(errors.UsageError, match=r"nothing to learn: .* Start from the base instead|nothing to learn"):
        routine(ports, champion, corpus=first, start_from="champion")


def test_a_fresh_start_of_a_long_line_is_a_better_recipe(ports: fakes.FakePorts) -> None:
    first, _ = first_champion(ports)
    second = second_corpus(ports, first)
    next_version, _ = retrain(ports, second)
    steps.promote(next_version, ports=ports)
    assert routine(ports, next_version, corpus=second, start_from="base").gates == "better-recipe"


def test_another_base_starts_from_that_base_and_is_judged_as_one(ports: fakes.FakePorts) -> None:
    first, champion = first_champion(ports)
    base = ports.settings.models_folder / ports.recipe("tiny-sft").base
    base.mkdir(parents=True)
    (base / "config.json").write_text('{"hidden_size": 192}')
    plan = routine(ports, champion, corpus=first)
    assert (plan.gates, plan.start, plan.knows) == ("other-base", "base", None)
    with pytest.raises(errors.UsageError, match=r"trained on another medpipe-sandbox/tiny-llama .*start_from=base"):
        routine(ports, champion, corpus=first, start_from="champion")


def test_another_form_of_answers_starts_from_the_base(ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch) -> None:
    first, champion = first_champion(ports)
    second, original = second_corpus(ports, first), ports.recipe
    assert routine(ports, champion, corpus=second).start == champion
    monkeypatch.setattr(ports, "recipe", lambda name: in_paragraphs(original(name)))
    assert routine(ports, champion, corpus=second).start == "base"
    with pytest.raises(errors.UsageError, match="was taught another form of answers"):
        routine(ports, champion, corpus=second, start_from="champion")
    with pytest.raises(errors.UsageError, match="was taught another form of answers"):
        steps.plan_retrain(champion, "tiny-dpo", ports=ports)


def pairs_of(ports: fakes.FakePorts, name: str, *answers: str) -> str:
    def fill(folder: Path) -> None:
        rows = [
            PreferencePair(question="q", chosen="c", rejected="r", answer_id=answer, identity="i") for answer in answers
        ]
        records.write(folder / "train.jsonl", rows)

    return put(ports.store, ref("pairs", name), fill, train=len(answers))


def test_pairs_that_were_learned_already_are_nothing_to_learn(ports: fakes.FakePorts, chain: list[str]) -> None:
    used, more = pairs_of(ports, "used", "1", "2"), pairs_of(ports, "more", "1", "2", "3")
    start = manifest(ports, chain[2], VersionManifest).outcome.adapter
    tuned = put(ports.store, ref("adapter", "dpo"), data=used, start_from=start, method="dpo")
    champion = put(ports.store, "version/medqa-v4-abcdef", adapter=tuned, parent=chain[2])
    with pytest.raises(errors.UsageError, match=f"nothing to learn: {champion} has learned every pair of {used}"):
        routine(ports, champion, "tiny-dpo", pairs=used)
    assert routine(ports, champion, "tiny-dpo", pairs=more).because == ("1 unused pairs",)


def tuned(ports: fakes.FakePorts, pairs: str, parent: str) -> str:
    """A version that learned pairs on top of its parent."""
    start = "base" if parent == "base" else manifest(ports, parent, VersionManifest).outcome.adapter
    adapter = put(ports.store, ref("adapter", pairs), data=pairs, start_from=start, method="dpo")
    return put(ports.store, "version/medqa-v4-abcdef", adapter=adapter, parent=parent)


def erased(ports: fakes.FakePorts, pairs: str, file: str = "train.jsonl") -> None:
    """Something was erased of the pairs."""
    nothing = ports.settings.home / "nothing"
    nothing.write_text("")
    ports.store.blank(pairs, {file: nothing}, lambda after: None)


def test_after_an_erasure_every_retrain_starts_from_a_version_that_never_learned_it(
    ports: fakes.FakePorts, chain: list[str]
) -> None:
    used, newer = pairs_of(ports, "used", "1", "2"), pairs_of(ports, "newer", "2", "3")
    champion = tuned(ports, used, chain[2])
    assert routine(ports, champion).start == routine(ports, champion, "tiny-dpo", pairs=newer).start == champion

    erased(ports, used)

    for plan in (routine(ports, champion), routine(ports, champion, "tiny-dpo", pairs=newer)):
        assert (plan.start, plan.knows) == (chain[2], chain[2])
        assert plan.since == plan.incumbent == champion, "it is still compared with what serves"
        assert plan.gates == "relearn", "what judges trainings that went back"
        assert f"{champion} learned what was erased of {used}" in plan.because
    assert "2 unused pairs" in routine(ports, champion, "tiny-dpo", pairs=newer).because
    documents = routine(ports, champion, documents=("pmid:2",))
    assert documents.start == chain[0], "neither the document nor what was erased"
    with pytest.raises(errors.UsageError, match="leave start_from to `auto`"):
        routine(ports, champion, start_from="champion")


def test_an_erasure_of_what_was_only_asked_changes_no_start(ports: fakes.FakePorts, chain: list[str]) -> None:
    used = pairs_of(ports, "used", "1")
    champion = tuned(ports, used, chain[2])
    erased(ports, used, "heldout.jsonl")
    assert routine(ports, champion).start == champion


def test_where_every_version_learned_what_was_erased_training_starts_from_the_base(ports: fakes.FakePorts) -> None:
    used, newer = pairs_of(ports, "used", "1"), pairs_of(ports, "newer", "2")
    champion = tuned(ports, used, "base")
    erased(ports, used)
    assert routine(ports, champion).start == "base"
    refusal = rf"uses DPO, which goes on from an adapter, .* learned what was erased of {used}: run an SFT recipe first"
    with pytest.raises(errors.CannotPass, match=refusal):
        routine(ports, champion, "tiny-dpo", pairs=newer)


def test_the_weights_of_the_next_retrain_do_not_have_what_was_erased(ports: fakes.FakePorts) -> None:
    first, parent = first_champion(ports)
    pair = PreferencePair(
        question="Ann's?", chosen="Ann says so.", rejected="No.", answer_id="x", identity="holder-ann"
    )
    pairs = put(ports.store, ref("pairs", "ann"), lambda folder: records.write(folder / "train.jsonl", [pair]))
    steps.validate(pairs, "pairs", ports=ports)
    learned = steps.train("tiny-dpo", pairs, parent, ports=ports)
    before = manifest(ports, parent, VersionManifest).outcome
    made_of = {name: getattr(before, name) for name in ("examples", "evaluation", "decision", "contract", "corpus")}
    champion = put(ports.store, "version/medqa-v9-abcdef", adapter=learned, parent=parent, **made_of)
    assert ports.ledger.swap_champion(parent, champion, "", ())
    corpus = grown(ports, first, [topic(number, DAY_2) for number in NEW])

    def says(version: str) -> bool:
        adapter = manifest(ports, version, VersionManifest).outcome.adapter
        return b"Ann says so" in (ports.store.folder(adapter) / fakes.WEIGHTS).read_bytes()

    assert says(champion) and says(retrain(ports, corpus)[0]), "without an erasure it is carried on"
    ports.answers.record("y", "holder-ann", "Another?", "A.", "version/a", "a", refused=False)
    assert steps.erase("asked", "Dr. A", identity="holder-ann", ports=ports).versions[-1] == champion
    version, _ = retrain(ports, corpus)
    assert not says(version)
    assert manifest(ports, version, VersionManifest).outcome.parent == parent
    assert steps.promote(version, ports=ports) == version


def test_nothing_to_learn_after_an_erasure_names_the_version_to_go_back_to(ports: fakes.FakePorts) -> None:
    corpus, parent = first_champion(ports)
    used = pairs_of(ports, "used", "1")
    champion = tuned(ports, used, parent)
    erased(ports, used)
    with pytest.raises(errors.UsageError, match=f"{parent}, which did not, knows every fact .* roll back to it"):
        routine(ports, champion, corpus=corpus)


def held(ports: fakes.FakePorts) -> tuple[str, str, str]:
    """A champion, a corpus with news, and the version that learned the news and was held."""
    first, champion = first_champion(ports)
    second = grown(ports, first, [topic(number, DAY_2) for number in NEW])
    candidate, _ = retrain(ports, second, "tiny-sft-no-replay")
    assert manifest(ports, candidate, VersionManifest).outcome.outcome is not Outcome.PASS
    return champion, second, candidate


def test_a_retrain_that_lost_what_was_known_is_followed_by_one_fresh_start(ports: fakes.FakePorts) -> None:
    champion, second, _ = held(ports)
    plan = routine(ports, champion, "tiny-sft-no-replay", corpus=second)
    assert (plan.start, plan.incumbent, plan.gates) == ("base", champion, "news")
    assert plan.because[0] == (f"the newest training that continued {champion} was held because of a loss")
    assert routine(ports, champion, "tiny-sft", corpus=second).start == champion, "another recipe lost nothing"
    assert routine(ports, champion, "tiny-sft-no-replay", corpus=second, start_from="base").start == "base"


def test_a_fresh_start_that_passes_is_continued(ports: fakes.FakePorts) -> None:
    _, second, _ = held(ports)
    fresh, _ = retrain(ports, second, "tiny-sft-no-replay", measured=True)
    assert steps.promote(fresh, ports=ports) == fresh
    publish(ports, [topic(number, DAY_3) for number in range(70, 80)])
    third = refresh(ports, DAY_3, DAY_3.replace(day=DAY_3.day + 1), second)
    assert routine(ports, fresh, "tiny-sft-no-replay", corpus=third).start == fresh


def test_a_fresh_start_that_was_held_too_is_not_trained_again_on_the_same_facts(ports: fakes.FakePorts) -> None:
    champion, second, candidate = held(ports)
    fresh = held_fresh_start(ports, second, champion)
    with pytest.raises(
        errors.UsageError, match=rf"^{candidate} learned the same and was held on .* because: .*old-know"
    ):
        routine(ports, champion, "tiny-sft-no-replay", corpus=second)
    publish(ports, [topic(number, DAY_3).model_copy(update={"groups": ("Fevers",)}) for number in OLD])
    next_day = refresh(ports, DAY_3, DAY_3.replace(day=DAY_3.day + 1), second)
    with pytest.raises(errors.UsageError, match=r"held on .* Change the recipe, or wait for new facts; give `again`"):
        routine(ports, champion, "tiny-sft-no-replay", corpus=next_day)
    with pytest.raises(errors.UsageError, match=f"^{fresh} learned the same"):
        routine(ports, champion, "tiny-sft-no-replay", corpus=second, start_from="base")


def continues_always(ports: fakes.FakePorts) -> None:
    """Set the policy of drift so that no loss leads to a fresh start."""
    policy = ports.drift_policy().model_copy(update={"fresh_start_after_loss": False})
    ports.__dict__["drift_policy"] = lambda: policy


@pytest.mark.parametrize(
    ("gate", "start"),
    [
        ("not_worse_than_best red-team-model", "base"),
        ("not_worse old-knowledge", "base"),
        ("gained new-knowledge", "version/medqa-v3-abcdef"),
        ("absent withdrawn", "version/medqa-v3-abcdef"),
    ],
)
def test_only_a_loss_calls_for_a_fresh_start_and_a_loss_of_safety_is_one(
    ports: fakes.FakePorts, chain: list[str], gate: str, start: str
) -> None:
    recipe, champion = ports.recipe("tiny-sft"), chain[2]
    adapter, data = ref("adapter", "held"), examples(ports, 9, "pmid:9")
    made = inputs("adapter", data=data, recipe=recipe.model_dump(mode="json"), base=ports.base_digest(recipe.base))
    with ports.store.write(adapter, "a test", made) as draft:
        draft.conclude(outcome("adapter", data=data))
    result = GateResult(name=gate, outcome=Outcome.INCONCLUSIVE, reason="wide")
    decision = put(ports.store, ref("decision", "held"), outcome=Outcome.INCONCLUSIVE, gates=(result,))
    about = {"adapter": adapter, "decision": decision, "incumbent": champion, "parent": champion}
    put(ports.store, "version/medqa-v9-abcdef", outcome=Outcome.INCONCLUSIVE, **about)
    assert memory.start_of(ports, champion, recipe) == start
    continues_always(ports)
    assert memory.start_of(ports, champion, recipe) == champion


def test_where_a_fresh_start_costs_too_much_the_same_facts_wait(ports: fakes.FakePorts) -> None:
    champion, second, candidate = held(ports)
    continues_always(ports)
    with pytest.raises(errors.UsageError, match=f"^{candidate} learned the same and was held"):
        routine(ports, champion, "tiny-sft-no-replay", corpus=second)


def test_a_held_retrain_is_trained_again_when_told_to_by_another_recipe_or_with_new_facts(
    ports: fakes.FakePorts,
) -> None:
    champion, second, _ = held(ports)
    assert routine(ports, champion, "tiny-sft-no-replay", corpus=second, again=True).gates == "news"
    assert routine(ports, champion, "tiny-sft", corpus=second).gates == "news"
    publish(ports, [topic(99, DAY_3)])
    more = refresh(ports, DAY_3, DAY_3.replace(day=DAY_3.day + 1), second)
    assert routine(ports, champion, "tiny-sft-no-replay", corpus=more).gates == "news"


def held_fresh_start(ports: fakes.FakePorts, corpus: str, champion: str) -> str:
    """A version that learned a corpus from the base by the recipe without replay, and was held."""
    plan = routine(ports, champion, "tiny-sft-no-replay", corpus=corpus)
    built = steps.build_examples(corpus, "tiny-sft-no-replay", plan.since, plan.knows, start=plan.start, ports=ports)
    steps.validate(built, "examples", ports=ports)
    adapter = steps.train("tiny-sft-no-replay", built, plan.start, ports=ports)
    name = "version/medqa-v9-abcdef"
    return put(ports.store, name, adapter=adapter, incumbent=champion, parent="base", outcome=Outcome.FAIL)


def held_on_pairs(ports: fakes.FakePorts, pairs: str, champion: str) -> str:
    """A version that learned pairs on top of the champion, and was held."""
    recipe, adapter = ports.recipe("tiny-dpo"), ref("adapter", "held on pairs")
    parts = {"data": pairs, "start_from": manifest(ports, champion, VersionManifest).outcome.adapter}
    made = {"recipe": recipe.model_dump(mode="json"), "base": ports.base_digest(recipe.base)}
    with ports.store.write(adapter, "a test", inputs("adapter", **parts, **made)) as draft:
        draft.conclude(outcome("adapter", **parts, method="dpo"))
    return put(ports.store, "version/medqa-v8-abcdef", adapter=adapter, parent=champion, outcome=Outcome.FAIL)


def test_held_pairs_are_not_trained_again(ports: fakes.FakePorts, chain: list[str]) -> None:
    pairs = pairs_of(ports, "one", "1", "2")
    held_on_pairs(ports, pairs, chain[2])
    with pytest.raises(errors.UsageError, match="version/medqa-v8-abcdef learned the same and was held on"):
        routine(ports, chain[2], "tiny-dpo", pairs=pairs)


@pytest.mark.parametrize(
    ("change", "plan"),
    [
        (Change(new_facts=15), "news"),
        (Change(new_facts=14), "correction"),
        (Change(changed_facts=1), "correction"),
        (Change(), ""),
        (Change(other_recipe=True), ""),
        (Change(other_recipe=True, from_base=True), "better-recipe"),
        (Change(fresh=True, from_base=True), "better-recipe"),
        (Change(from_base=True), ""),
        (Change(from_base=True, new_facts=99), "news"),
        (Change(other_recipe=True, from_base=True, new_facts=99), "news"),
        (Change(fresh=True, from_base=True, changed_facts=1), "correction"),
        (Change(other_base=True, from_base=True), "other-base"),
        (Change(measured=False), "news"),
    ],
)
def test_the_plan_follows_from_what_changed(change: Change, plan: str) -> None:
    chosen, because = choose(change, 15)
    assert (chosen, bool(because)) == (plan, True)


def test_every_plan_that_planning_names_is_in_gates_yaml_and_no_other() -> None:
    routine_plans = {
        choose(Change(new_facts=facts, **dict.fromkeys(chosen, True) | {"measured": measured}), 15)[0]
        for facts in (0, 1, 99)
        for measured in (True, False)
        for count in range(5)
        for chosen in itertools.combinations(("other_base", "other_recipe", "fresh", "from_base"), count)
    }
    named = routine_plans - {""} | {"first", "preference", "hotfix", "relearn"}
    assert named == set(Wiring(Settings()).plan().plans)


def test_a_retraction_of_a_document_that_was_taught_is_planned_as_a_hotfix(ports: fakes.FakePorts) -> None:
    first, champion = first_champion(ports)
    corpus = grown(ports, first, [article(Status.RETRACTED, DAY_2)])
    plan = routine(ports, champion, documents=(RETRACTED,), withdraw=(RETRACTED,), corpus=corpus)
    assert (plan.gates, plan.start) == ("hotfix", "base")
