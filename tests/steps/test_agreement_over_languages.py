"""The same topics in English and Spanish: an evaluation and its measures say whether a model knows them in both."""

from __future__ import annotations

import pytest

from medpipe import records, steps
from medpipe.core.corpus.document import Document, Section
from medpipe.core.judging.evaluation import Sample
from medpipe.core.manifests import EvaluationManifest, MeasurementManifest
from medpipe.steps.artifact import manifest
from tests import fakes
from tests.steps.answering import Answering
from tests.steps.conftest import DAY_1, DAY_2, NAMES, publish, topic

PAIRS = 12


def in_both_languages(number: int) -> tuple[Document, Document]:
    name = f"{NAMES[number]} fever"
    english = topic(number, drug="tazomib")
    spanish = english.model_copy(
        update={
            "id": f"mplus:{905000 + number}",
            "language": "es",
            "counterpart": english.id,
            "sections": (
                Section(
                    heading=f"¿Cuáles son los tratamientos para {name}?",
                    text=f"{name.capitalize()} se trata con tazomib.",
                ),
            ),
        }
    )
    return english.model_copy(update={"counterpart": spanish.id}), spanish


@pytest.fixture
def examples(ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch) -> str:
    tiny = ports.recipe("tiny-sft")
    data = tiny.data.model_copy(update={"languages": ("en", "es")})
    recipe = tiny.model_copy(update={"data": data, "benchmarks": ("new-knowledge",)})
    monkeypatch.setattr(ports, "recipe", lambda name: recipe, raising=False)
    publish(
        ports, sorted((one for number in range(PAIRS) for one in in_both_languages(number)), key=lambda one: one.id)
    )
    pulled = steps.validate(steps.pull("medlineplus", DAY_1, DAY_2, ports=ports), "documents", ports=ports)
    return steps.build_examples(steps.build_corpus((pulled,), ports=ports), "tiny-sft", ports=ports)


def test_a_model_that_knows_in_english_only_does_not_agree_over_languages(
    ports: fakes.FakePorts, examples: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = list(records.read(ports.store.folder(examples) / "benchmarks" / "new-knowledge.jsonl", Sample))
    assert {"language en", "language es"} <= {name for sample in samples for name in sample.slices}
    both = {sample.question: sample.target for sample in samples}
    english = {sample.question: sample.target for sample in samples if "language en" in sample.slices}
    evaluations, figures = {}, {}
    for name, answers in (("both", both), ("english", english)):
        monkeypatch.setattr(fakes.FakePorts, "generator", Answering(answers))
        monkeypatch.setattr(Answering, "name", name)
        evaluations[name] = steps.evaluate("base", "tiny-sft", examples, ports=ports)
        figures[name] = manifest(ports, evaluations[name], EvaluationManifest).outcome.figures["new-knowledge"]
    for name, agrees, partly in (("both", 1.0, 0.0), ("english", 0.0, 1.0)):
        agreeing = figures[name]["new-knowledge agrees in every language"]
        assert (agreeing.value, agreeing.n, agreeing.clusters) == (agrees, PAIRS, PAIRS), "causes are English only"
        assert figures[name]["new-knowledge right in some languages only"].value == partly

    measurement = steps.measure(evaluations["both"], evaluations["english"], False, ports=ports)
    measures = {one.name: one for one in manifest(ports, measurement, MeasurementManifest).outcome.measures}
    agreement = measures["agreement_over_languages"]
    assert (agreement.before.value, agreement.after.value, agreement.n) == (0.0, 1.0, PAIRS)
    assert 0.0 < agreement.change.low < agreement.change.high == 1.0
    assert measures["consistency"].before.value == 1.0, "each language is consistent with itself"
