"""A fact that changed keeps the answer that the incumbent was taught, and an evaluation counts who still says it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from medpipe import records, steps
from medpipe.core.judging.evaluation import Sample
from medpipe.core.manifests import EvaluationManifest
from medpipe.core.refs import ref
from medpipe.core.teaching.evidence_twins import evidence_twins
from medpipe.errors import NotFound
from medpipe.steps.artifact import manifest
from tests import fakes
from tests.manifests import put
from tests.steps.conftest import DAY_1, DAY_2, DAY_3, publish, topic


class Incumbent:
    """Says of every fever what the first revision said: the medicine whose name begins as that of the fever."""

    name, precision = "incumbent", "float32"

    def __init__(self, old: Sequence[Sample]) -> None:
        self._old = {sample.question: sample.stale for sample in old}

    def generate(self, base: str, adapter: Path | None, name: str, prompts: Sequence[str], *_: Any) -> list[str]:
        questions = [prompt.partition("Question: ")[2].partition("\n")[0] for prompt in prompts]
        return [f" {self._old.get(question, 'Dust.')}\n" for question in questions]


def changed(ports: fakes.FakePorts) -> tuple[str, str]:
    """An incumbent, and examples from a corpus in which two of its six treatments changed."""
    publish(ports, [topic(number) for number in range(6)])
    first = steps.build_corpus(
        (steps.validate(steps.pull("medlineplus", DAY_1, DAY_2, ports=ports), "documents", ports=ports),), ports=ports
    )
    built = steps.build_examples(first, "tiny-sft", ports=ports)
    incumbent = put(ports.store, ref("adapter", [built]), data=built, start_from="base")
    publish(ports, [topic(number, DAY_2, drug="velomab") for number in range(2)])
    second = steps.build_corpus(
        (steps.validate(steps.pull("medlineplus", DAY_2, DAY_3, ports=ports), "documents", ports=ports),),
        first,
        ports=ports,
    )
    return incumbent, steps.build_examples(second, "tiny-sft", since=incumbent, knows=incumbent, ports=ports)


def asked(ports: fakes.FakePorts, examples: str) -> list[Sample]:
    return list(records.read(ports.store.folder(examples) / "benchmarks" / "new-knowledge.jsonl", Sample))


def test_a_changed_fact_keeps_the_answer_that_the_incumbent_was_taught(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, examples = changed(ports)
    samples = asked(ports, examples)
    assert {sample.slot for sample in samples} == {"velomab"}
    assert len({sample.stale_slot for sample in samples}) == 2
    assert all(sample.stale_slot.endswith("omib") and sample.stale_slot in sample.stale for sample in samples)
    assert {sample.changed for sample in samples} == {DAY_2.year}

    replaced = [twin for twin in evidence_twins(samples) if twin.condition == "replaced"]
    assert {(twin.context, twin.slot, twin.rejected) for twin in replaced} == {
        (sample.stale, sample.stale_slot, "velomab") for sample in samples
    }, "the other passage is what the earlier revision said"

    monkeypatch.setattr(fakes.FakePorts, "generator", property(lambda ports: Incumbent(samples)))
    recipe = ports.recipe("tiny-sft").model_copy(update={"benchmarks": ("new-knowledge",)})
    monkeypatch.setattr(ports, "recipe", lambda name: recipe, raising=False)
    evaluation = steps.evaluate("base", "tiny-sft", examples, ports=ports)
    figures = manifest(ports, evaluation, EvaluationManifest).outcome.figures["new-knowledge"]
    stale = figures["new-knowledge stale"]
    assert (stale.value, stale.n, stale.clusters) == (1.0, len(samples), 2)
    assert figures[f"new-knowledge stale since {DAY_2.year}"].value == 1.0


def test_where_the_earlier_corpus_is_gone_the_question_is_asked_without(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any, **__: Any) -> None:
        raise NotFound("files of version 1 of the corpus table are gone")

    monkeypatch.setattr("medpipe.steps.earlier.table_version", gone)
    _, examples = changed(ports)
    assert {(sample.slot, sample.stale) for sample in asked(ports, examples)} == {("velomab", "")}
