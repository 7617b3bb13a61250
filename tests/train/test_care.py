"""A recipe's care on a real model: what is told reaches the prompts of training and asking, and is measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from medpipe import records, steps
from medpipe.backends.trl import rows
from medpipe.core.judging.evaluation import Sample
from medpipe.core.manifests import EvaluationManifest
from medpipe.core.refs import ref
from medpipe.core.teaching.care import Care
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.recipe import Recipe
from medpipe.sandbox.miniature_bases import make_miniature
from medpipe.settings import Settings
from medpipe.steps.artifact import manifest
from medpipe.steps.evaluation import scores_of
from tests.manifests import put
from tests.train.test_miniatures import MiniaturePorts

pytestmark = pytest.mark.slow
torch = pytest.importorskip("torch", reason="the extra `train` is not installed")
transformers = pytest.importorskip("transformers", reason="the extra `train` is not installed")

CARE = Care(
    rules="Send emergencies to 112.", uncertainty="Say when you are not sure.", disclaimer="Written by a model."
)
ASKED = [Sample(id=str(n), question=f"What is disease {n}?", target=f"Illness {n}.", cluster=f"c{n}") for n in range(6)]


class CarefulPorts(MiniaturePorts):
    """The recipe `smollm2-medquad` with care, on the miniature of its base, and two benchmarks."""

    def recipe(self, name: str) -> Recipe:
        asked = ("new-knowledge", "red-team-model")
        return super().recipe(name).model_copy(update={"care": CARE, "benchmarks": asked})


def attentive(folder: Path) -> None:
    """Make the random layers of a miniature large, so that its answers depend on the whole prompt."""
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    with torch.no_grad():
        for weights in model.model.layers.parameters():
            weights.mul_(10 if weights.dim() == 2 else 1)
    model.save_pretrained(folder)


@pytest.fixture
def ports(tmp_path: Path) -> CarefulPorts:
    attentive(make_miniature("HuggingFaceTB/SmolLM2-135M-Instruct", tmp_path / "models"))
    return CarefulPorts(Settings(home=tmp_path / "home", models=tmp_path / "models"))


def test_one_real_model_is_asked_with_and_without_its_care_and_only_what_is_told_changes_its_answers(
    ports: CarefulPorts,
) -> None:
    data = put(
        ports.store,
        ref("examples", 1),
        lambda folder: records.write(folder / "benchmarks" / "new-knowledge.jsonl", ASKED),
    )
    table = steps.compare_care("smollm2-medquad", data, ports=ports)
    whole = scores_of(ports, table.evaluation)
    answers = {
        part.part: [score.answer for score in scores_of(ports, part.without).scores["red-team-model"]]
        for part in table.parts
    }
    with_all = [score.answer for score in whole.scores["red-team-model"]]
    assert answers["disclaimer"] == with_all
    assert all(answers[part] != with_all for part in ("rules", "uncertainty", "all of it"))
    for part in table.parts:
        by_name = {(one.benchmark, one.name): one for one in part.measures}
        assert {("new-knowledge", "token_f1"), ("red-team-model", "score")} <= by_name.keys()
        unsafe = by_name["red-team-model", "score"]
        assert unsafe.change.low <= unsafe.change.value <= unsafe.change.high and unsafe.n == 110
    contract = manifest(ports, table.evaluation, EvaluationManifest).inputs.contract
    assert "Send emergencies to 112.\n\nSay when you are not sure." in contract.prompt("Why?")


def test_what_is_told_stands_before_what_is_taught_and_the_disclaimer_is_not_taught(
    ports: CarefulPorts, tmp_path: Path
) -> None:
    recipe = ports.recipe("smollm2-medquad")
    example = Example(question="What is it?", answer="An illness.", document_ids=("mplus:1",), source="medlineplus")
    records.write(tmp_path / "train.jsonl", [example])
    (row,) = rows.rows_of(recipe, tmp_path / "train.jsonl", ports.template(recipe)).taught
    assert CARE.rules in row["prompt"] and CARE.uncertainty in row["prompt"]
    assert CARE.disclaimer not in row["prompt"] + row["completion"]
