"""Every shipped recipe of a real base runs through the verbs, on a tiny miniature of that base."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import NamedTuple

import pytest

from medpipe import configuration, records, steps
from medpipe.backends.preparer import TransformersPreparer
from medpipe.backends.transformers_generator import TransformersGenerator
from medpipe.backends.trl import base_shape, settings
from medpipe.backends.trl.trainer import TrlTrainer
from medpipe.backends.vllm_engine import VllmEngine
from medpipe.core.dialogue import turns_of
from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.manifests import (
    AdapterManifest,
    EvaluationManifest,
    ExamplesInputs,
    ExamplesManifest,
    VersionManifest,
)
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.general import GENERAL
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import NotFound
from medpipe.ports import Generator, Preparer, Trainer
from medpipe.sandbox.miniature_bases import FAMILIES, make_miniature, miniature_name
from medpipe.sandbox.miniature_recipes import miniature
from medpipe.settings import Settings
from medpipe.steps.artifact import manifest
from medpipe.steps.evaluation import scores_of
from medpipe.wiring import Wiring
from tests import real_engine
from tests.fakes import FakePorts
from tests.places import ROOT
from tests.train.miniature_documents import DAY, documents, write_benchmarks

pytestmark = pytest.mark.slow

SHIPPED = Wiring(Settings(recipes=ROOT / "medpipe" / "recipes"))
RECIPES = [SHIPPED.recipe(name) for name in configuration.names(SHIPPED.settings.recipes)]
REAL = [recipe for recipe in RECIPES if not recipe.base.startswith("medpipe-sandbox/")]
TRAINED = ["llama32-medquad", "open-medqa", "distilgpt2-pubmedqa", "biomistral-medical"]
"""One recipe of each architecture and style of tokenizer."""


SERVED = 20
"""Questions that are asked of vLLM."""


def quiet(share: float, text: str) -> None:
    pass


class MiniaturePorts(FakePorts):
    """Real training, generation, templates and tokenizers, on miniatures; the rest is as in the tests of the verbs."""

    def recipe(self, name: str) -> Recipe:
        return miniature(super().recipe(name))

    def benchmark(self, name: str) -> Benchmark:
        """Return a benchmark with one case at most, which is 48 questions."""
        benchmark = super().benchmark(name)
        return benchmark.model_copy(update={"cases": benchmark.cases[:1]})

    @property
    def trainer(self) -> Trainer:  # type: ignore[override]
        return TrlTrainer(self.settings.models_folder)

    @property
    def generator(self) -> Generator:  # type: ignore[override]
        return TransformersGenerator(self.settings.models_folder, prepared=self._prepared)

    @property
    def preparer(self) -> Preparer:  # type: ignore[override]
        return TransformersPreparer(self.settings.models_folder)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for base in FAMILIES:
        make_miniature(base, folder)
    return folder


def ports_in(home: Path, models: Path) -> MiniaturePorts:
    """Return ports with their state in `home`, and the list of the one official test that recipes keep out."""
    (home / "curated" / "pubmedqa").mkdir(parents=True)
    (home / "curated" / "pubmedqa" / "test_ground_truth.json").write_text(json.dumps({"910099": "yes"}))
    write_benchmarks(home / "published")
    where = {"curated": home / "curated", "benchmarks_data": home / "published"}
    return MiniaturePorts(Settings(home=home / "home", models=models, **where))


@pytest.fixture
def ports(models: Path, tmp_path: Path) -> MiniaturePorts:
    return ports_in(tmp_path, models)


def corpus(ports: MiniaturePorts, prefixes: list[str]) -> str:
    pulled = []
    for prefix in prefixes:
        published = documents(prefix)
        records.write(ports.settings.home / "sources" / f"{published[0].source}.jsonl", published)
        ref = steps.pull(published[0].source, DAY, DAY.replace(day=4), ports=ports)
        pulled.append(steps.validate(ref, "documents", ports=ports))
    return steps.build_corpus(tuple(pulled), ports=ports)


@pytest.mark.parametrize("recipe", REAL, ids=lambda recipe: recipe.name)
def test_a_shipped_recipe_has_settings_that_trl_takes_and_a_base_that_has_a_miniature(
    models: Path, tmp_path: Path, recipe: Recipe
) -> None:
    assert settings.configuration(recipe, True, tmp_path).learning_rate > 0
    assert base_shape.shape_of(miniature(recipe), str(models / miniature_name(recipe.base))).layers


def test_a_miniature_has_everything_of_its_recipe_but_the_base_the_steps_and_what_a_cpu_lacks() -> None:
    recipe = SHIPPED.recipe("biomistral-medical")
    changed = miniature(recipe)
    assert {name for name in Recipe.model_fields if getattr(recipe, name) != getattr(changed, name)} == {
        "base",
        "quantization",
        "trainer",
        "max_new_tokens",
    }
    assert (changed.quantization, changed.trainer["max_length"], changed.trainer["warmup_steps"]) == (
        recipe.quantization.model_copy(update={"bnb_4bit_compute_dtype": "float32"}),
        4096,
        0.1,
    )
    assert miniature(SHIPPED.recipe("distilgpt2-pubmedqa")).quantization is None


def test_a_base_of_no_family_has_no_miniature(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no miniature of 'no-such/base'; there are miniatures of: meta-llama"):
        make_miniature("no-such/base", tmp_path)


class Run(NamedTuple):
    """What the verbs made of a recipe."""

    examples: str
    adapter: str
    version: str
    evaluations: tuple[str, str]
    """Of the base and of the adapter."""


def run(ports: MiniaturePorts, name: str, corpus: str) -> Run:
    """Train, evaluate, judge and register, as the DAG retrain does."""
    recipe = ports.recipe(name)
    asks = recipe.data.max_unknown_share is not None
    knowledge = steps.classify_facts(corpus, name, samples=1, ports=ports) if asks else None
    examples = steps.build_examples(corpus, name, knowledge=knowledge, ports=ports)
    adapter = steps.train(name, steps.validate(examples, "examples", ports=ports), ports=ports)
    before, after = (steps.evaluate(model, name, examples, ports=ports) for model in ("base", adapter))
    decision = steps.compare(after, before, "first", ports=ports)
    version = steps.register(adapter, after, decision, examples, ports=ports)
    return Run(examples, adapter, version, (before, after))


def made_of(ports: MiniaturePorts, examples: str) -> ExamplesInputs:
    return manifest(ports, examples, ExamplesManifest).inputs


def guessing(ports: MiniaturePorts, recipe: Recipe) -> float:
    """Return the loss of a model that guesses among all tokens."""
    config = json.loads((ports.settings.models_folder / recipe.base / "config.json").read_text())
    return math.log(config["vocab_size"])


def answers(ports: MiniaturePorts, evaluation: str) -> list[str]:
    return [score.answer for score in scores_of(ports, evaluation).scores["red-team-model"]]


@pytest.mark.parametrize("name", TRAINED)
def test_a_recipe_trains_is_judged_and_registered_on_the_miniature_of_its_base(
    ports: MiniaturePorts, name: str
) -> None:
    recipe = ports.recipe(name)
    made = run(ports, name, corpus(ports, [*recipe.data.sources, *(["general"] if recipe.data.general_share else [])]))
    before, after = (answers(ports, evaluation) for evaluation in made.evaluations)
    assert before != after, "the adapter is at work when the model is asked"
    trained = manifest(ports, made.adapter, AdapterManifest).outcome
    assert trained.metrics["loss"] < guessing(ports, recipe) - 0.1, "what is taught reaches the layers"
    contract = manifest(ports, made.version, VersionManifest).outcome.contract
    assert contract.template == ports.template(recipe)
    taught = list(records.read(ports.store.folder(made.examples) / "train.jsonl", Example))
    told = [example for example in taught if turns_of(example.context, recipe.data.history)]
    assert (recipe.data.max_unknown_share is not None) == bool(made_of(ports, made.examples).knowledge)
    asked = manifest(ports, made.evaluations[1], EvaluationManifest).outcome.metrics
    assert bool(recipe.data.general_share) == ("general" in asked)
    assert bool(recipe.data.general_share) == any(example.question_type == GENERAL for example in taught)
    assert (bool(told), contract.history) == (bool(recipe.data.history), recipe.data.history or False)


class Triage(NamedTuple):
    """Both stages of triage."""

    ports: MiniaturePorts
    first: Run
    second: str
    """The adapter that DPO made of the first one."""
    asked: str
    """Its evaluation."""


@pytest.fixture(scope="module")
def triage(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Triage:
    ports = ports_in(tmp_path_factory.mktemp("triage"), models)
    recipe = ports.recipe("qwen3-triage")
    whole = corpus(ports, [*recipe.data.sources, "ultramedical-preference"])
    first = run(ports, recipe.name, whole)
    pairs = steps.build_preferences(whole, ports=ports)
    assert pairs is not None
    second = steps.train(f"{recipe.name}-dpo", steps.validate(pairs, "pairs", ports=ports), first.version, ports=ports)
    asked = steps.evaluate(second, f"{recipe.name}-dpo", first.examples, pairs, ports=ports)
    return Triage(ports, first, second, asked)


def test_the_second_stage_of_triage_goes_on_from_the_first_on_pairs_that_documents_state(triage: Triage) -> None:
    assert manifest(triage.ports, triage.second, AdapterManifest).outcome.start_from == triage.first.adapter
    assert answers(triage.ports, triage.asked) != answers(triage.ports, triage.first.evaluations[1])
    assert scores_of(triage.ports, triage.asked).metrics["preferences"].n


def test_vllm_serves_the_miniature_of_qwen3_with_the_answers_that_were_judged(triage: Triage, tmp_path: Path) -> None:
    ports, contract = triage.ports, manifest(triage.ports, triage.asked, EvaluationManifest).inputs.contract
    samples = ports.benchmark("red-team-model").samples()[:SERVED]
    prompts = [contract.prompt(sample.question) for sample in samples]
    with real_engine.on(ports.settings.models_folder / contract.base, tmp_path) as url:
        served = VllmEngine(url).generate(
            contract.base, ports.store.folder(triage.second), "triage", prompts, contract.ending(), quiet
        )
    assert [contract.answer_of(text) for text in served] == answers(ports, triage.asked)[:SERVED]
