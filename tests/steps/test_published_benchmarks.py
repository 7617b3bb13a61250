"""A published benchmark that a recipe names is asked by evaluate, and its questions are never taught."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from medpipe import errors, records, steps
from medpipe.core.corpus.document import Section
from medpipe.core.manifests import EvaluationManifest, ExamplesManifest, MeasurementManifest
from medpipe.core.teaching.example import Example
from medpipe.settings import Settings
from medpipe.steps.artifact import manifest
from medpipe.steps.evaluation import scores_of
from medpipe.steps.rescoring import rescored
from tests import fakes
from tests.steps.conftest import DAY_1, DAY_3, publish, topic

RECIPES = Settings().recipes
COPIED = "Does wendrazole cure krellin palsy in adults who were ill for three months or longer?"


def asked(ports: fakes.FakePorts, *questions: str) -> None:
    """Put a test file of MedQA with these questions into the folder of benchmarks."""
    assert ports.settings.benchmarks_data
    folder = ports.settings.benchmarks_data / "medqa"
    folder.mkdir(parents=True, exist_ok=True)
    options = {"A": "Rest", "B": "Velorin"}
    rows = [{"question": text, "answer": "Rest", "answer_idx": "A", "options": options} for text in questions]
    (folder / "test.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))


@pytest.fixture
def ports(tmp_path: Path) -> fakes.FakePorts:
    """Ports with the recipe `examined`: tiny-sft, which asks MedQA beside new knowledge."""
    recipes = tmp_path / "recipes"
    recipes.mkdir()
    written = yaml.safe_load((RECIPES / "tiny-sft.yaml").read_text(encoding="utf-8"))
    written |= {"name": "examined", "benchmarks": ["new-knowledge", "medqa"]}
    (recipes / "examined.yaml").write_text(yaml.safe_dump(written))
    (recipes / "data").symlink_to(RECIPES / "data")
    return fakes.ports(Settings(home=tmp_path / "home", recipes=recipes, benchmarks_data=tmp_path / "published"))


def built(ports: fakes.FakePorts) -> str:
    copied = topic(1).model_copy(update={"sections": (Section(heading=COPIED, text="Wendrazole cures it."),)})
    publish(ports, [copied, *(topic(number) for number in range(2, 5))])
    pulled = steps.pull("medlineplus", DAY_1, DAY_3, ports=ports)
    corpus = steps.build_corpus((steps.validate(pulled, "documents", ports=ports),), None, ports=ports)
    return steps.build_examples(corpus, "examined", ports=ports)


def test_its_questions_are_asked_by_choice_and_scored_again_by_verify(ports: fakes.FakePorts) -> None:
    asked(ports, "What helps a cold?", "What helps a fever?")
    evaluation = steps.evaluate("base", "examined", built(ports), ports=ports)

    stored, scores = manifest(ports, evaluation, EvaluationManifest), scores_of(ports, evaluation)
    assert [(score.answer, score.target, score.value) for score in scores.scores["medqa"]] == [("A", "A", 1.0)] * 2
    assert stored.outcome.metrics["medqa"].n == 2
    assert [row.earned for row in rescored(stored, scores, ports) if row.benchmark == "medqa"] == [1.0, 1.0]

    asked(ports, "What helps a cold?")
    assert steps.evaluate("base", "examined", stored.inputs.examples, ports=ports) != evaluation
    assert not [row for row in rescored(stored, scores, ports) if row.benchmark == "medqa"], "others are asked today"


def test_two_evaluations_are_measured_after_its_files_are_gone(ports: fakes.FakePorts) -> None:
    asked(ports, "What helps a cold?")
    evaluation = steps.evaluate("base", "examined", built(ports), ports=ports)
    assert ports.settings.benchmarks_data
    (ports.settings.benchmarks_data / "medqa" / "test.jsonl").unlink()

    measured = steps.measure(evaluation, evaluation, False, ports=ports)

    outcome = manifest(ports, measured, MeasurementManifest).outcome
    assert outcome.left_out["medqa"] == "its published questions are not at hand any more"
    assert {one.benchmark for one in outcome.measures} == {"new-knowledge"}


def test_what_it_asks_is_never_taught(ports: fakes.FakePorts) -> None:
    asked(ports, COPIED)
    examples = built(ports)
    taught = {example.document_ids for example in records.read(ports.store.folder(examples) / "train.jsonl", Example)}
    assert (topic(2).id,) in taught
    assert (topic(1).id,) not in taught
    assert manifest(ports, examples, ExamplesManifest).outcome.drops["repeats a benchmark"] >= 1


def test_without_its_files_nothing_is_built(ports: fakes.FakePorts) -> None:
    with pytest.raises(errors.SourceError, match="medqa: no question to ask"):
        built(ports)
