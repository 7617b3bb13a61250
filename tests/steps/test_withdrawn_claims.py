"""A withdrawn claim over a chain of trainings: hotfixes, routine retrains, replay, restored corpora, lifting."""

from __future__ import annotations

from datetime import date

import pytest

from medpipe import records, steps
from medpipe.core.corpus.document import Document, Section, Status
from medpipe.core.judging.evaluation import Sample
from medpipe.core.knowledge.withdrawals import State
from medpipe.core.manifests import ExamplesManifest
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.withdrawals import WITHDRAWAL
from medpipe.steps.artifact import manifest
from tests import fakes
from tests.steps.conftest import DAY_1, DAY_2, DAY_3, DAY_4, RETRACTED, article, publish, topic, withdraw

pytestmark = pytest.mark.integration

CLAIM = "Wendrazole cures krellin palsy."
SECOND = article().model_copy(
    update={
        "id": "pmid:99000008",
        "title": "Does kelozole stop brunnel gout?",
        "sections": (Section(heading="CONCLUSIONS", text="Kelozole stops brunnel gout by blocking gruvase."),),
    }
)
TWIN = article().model_copy(update={"id": "pmid:99000003"})
"""Another article with the question of the first, and its answer."""
REVIEW = topic(90).model_copy(
    update={"sections": (Section(heading="What causes krellin palsy?", text="Wendrazole cured krellin palsy."),)}
)
"""A topic that says the same under another title."""
EVERYTHING = [*(topic(number) for number in range(12)), article(), SECOND, TWIN, REVIEW]


def corpus(ports: fakes.FakePorts, documents: list[Document], previous: str | None = None, start: date = DAY_1) -> str:
    publish(ports, documents)
    pulled = steps.pull("medlineplus", start, DAY_4, ports=ports)
    return steps.build_corpus((steps.validate(pulled, "documents", ports=ports),), previous, ports=ports)


def build(ports: fakes.FakePorts, of: str, known: str | None = None, start: str = "base") -> str:
    examples = steps.build_examples(of, "tiny-sft", known, known, start=start, ports=ports)
    return steps.validate(examples, "examples", ports=ports)


def train(ports: fakes.FakePorts, examples: str, start: str = "base") -> str:
    return steps.train("tiny-sft", examples, start, ports=ports)


def rows(ports: fakes.FakePorts, examples: str) -> list[Example]:
    return list(records.read(ports.store.folder(examples) / "train.jsonl", Example))


def answers(ports: fakes.FakePorts, examples: str) -> set[str]:
    return {example.answer for example in rows(ports, examples)}


def repeats(ports: fakes.FakePorts, examples: str) -> set[str]:
    """Answers that state one of the two claims."""
    return {answer for answer in answers(ports, examples) if "krellin" in answer or "brunnel" in answer}


def asked(ports: fakes.FakePorts, examples: str) -> set[str]:
    path = ports.store.folder(examples) / "benchmarks" / "withdrawn.jsonl"
    return {sample.target for sample in records.read(path, Sample)}


def test_a_second_hotfix_does_not_revive_the_first_claim_through_another_article_or_title(
    ports: fakes.FakePorts,
) -> None:
    whole = corpus(ports, EVERYTHING)
    assert len(repeats(ports, build(ports, whole))) == 3
    withdraw(ports, article())
    first = build(ports, whole)
    withdraw(ports, SECOND)
    second = build(ports, whole, start=train(ports, first))
    assert repeats(ports, first) == {"Kelozole stops brunnel gout by blocking gruvase."}
    assert repeats(ports, second) == set()
    assert asked(ports, second) == {CLAIM, "Kelozole stops brunnel gout by blocking gruvase."}
    drops = manifest(ports, second, ExamplesManifest).outcome.drops
    assert (drops["asks what was withdrawn"], drops["states a withdrawn claim"]) == (1, 1)
    assert drops["document is withdrawn"] == 2


def test_a_routine_retrain_replays_no_claim_that_its_start_carries_and_answers_it_as_withdrawn(
    ports: fakes.FakePorts,
) -> None:
    old = corpus(ports, EVERYTHING)
    champion = train(ports, build(ports, old))
    new = corpus(ports, [topic(number, DAY_2) for number in range(40, 60)], old, DAY_2)
    assert repeats(ports, build(ports, new, champion, champion)), "the replay shows what will be withdrawn"
    withdraw(ports, article(), SECOND)
    routine = build(ports, new, champion, champion)
    assert repeats(ports, routine) == set()
    withdrawals = [example for example in rows(ports, routine) if example.role == "withdrawn"]
    assert {example.document_ids[0] for example in withdrawals} == {RETRACTED, SECOND.id}
    assert {(example.answer, example.replay) for example in withdrawals} == {(WITHDRAWAL, False)}


def test_a_claim_that_the_line_once_learned_is_answered_in_full_in_every_later_training(ports: fakes.FakePorts) -> None:
    whole = corpus(ports, EVERYTHING)
    tainted = train(ports, build(ports, whole))
    withdraw(ports, article())
    for start, replay in ((tainted, False), ("base", True)):
        told = train(ports, build(ports, whole, start=start), start)
        later = [example for example in rows(ports, build(ports, whole, start=told)) if example.role == "withdrawn"]
        assert {example.replay for example in later} == {replay}


def test_a_restored_corpus_that_says_current_does_not_teach_a_withdrawn_article(ports: fakes.FakePorts) -> None:
    restored = corpus(ports, [topic(1), article()])
    present = corpus(ports, [topic(2, DAY_2), article(Status.RETRACTED, DAY_2)], restored, DAY_2)
    assert repeats(ports, build(ports, restored)) == {CLAIM}
    withdraw(ports, article())
    for of in (restored, present):
        assert repeats(ports, build(ports, of)) == set()
        assert asked(ports, build(ports, of)) == {CLAIM}


def test_a_lifted_claim_is_taught_again_though_the_corpus_never_changed(ports: fakes.FakePorts) -> None:
    whole = corpus(ports, [*(topic(number) for number in range(8)), article()])
    withdraw(ports, article())
    start = train(ports, build(ports, whole))
    withdraw(ports, article(), state=State.LIFTED)
    after = build(ports, whole, start, start)
    taught = [example for example in rows(ports, after) if example.document_ids == (RETRACTED,)]
    assert {(example.answer, example.role, example.replay) for example in taught} == {(CLAIM, "taught", False)}
    assert asked(ports, after) == set()
    relearned = train(ports, after, start)
    again = build(ports, whole, relearned, relearned)
    assert not [
        example for example in rows(ports, again) if example.document_ids == (RETRACTED,) and not example.replay
    ]


def test_examples_for_pairs_ask_every_claim_too(ports: fakes.FakePorts) -> None:
    whole = corpus(ports, [topic(number, DAY_3) for number in range(8)])
    withdraw(ports, article(), SECOND)
    built = steps.build_examples(whole, "tiny-dpo", ports=ports)
    assert asked(ports, built) == {CLAIM, "Kelozole stops brunnel gout by blocking gruvase."}
    evaluation = steps.evaluate("base", "tiny-dpo", built, ports=ports)
    assert ports.store.find(evaluation).outcome.claims == (RETRACTED, SECOND.id)
