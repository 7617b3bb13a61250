"""train and register: which inputs count, what is written, and what is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from medpipe import errors, records, steps
from medpipe.core.chat import ChatTemplate
from medpipe.core.judging.evaluation import Evaluation, Metric, Score
from medpipe.core.judging.gates import Outcome
from medpipe.core.manifests import (
    AdapterManifest,
    EvaluationManifest,
    ValidationInputs,
    ValidationOutcome,
    VersionManifest,
)
from medpipe.core.refs import ref
from medpipe.core.teaching.curve import CURVE, Point
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.recipe import Recipe
from medpipe.ports import Curves, Registered
from medpipe.steps import artifact, workspaces
from medpipe.steps.artifact import manifest
from tests import fakes
from tests.contracts import CONTRACT
from tests.manifests import EVALUATION, put

OTHER = "corpus/00000000000000ff"


def accept(ports: fakes.FakePorts, data: str, suite: str) -> None:
    inputs = ValidationInputs(data=data, suite=suite, expectations=ports.suite(suite))
    with ports.store.write(artifact.validation_ref(ports, data, suite), "validate", inputs) as draft:
        draft.conclude(ValidationOutcome(rows=1, accepted=True))


def examples(ports: fakes.FakePorts, number: int = 1, *documents: str, **changes: Any) -> str:
    rows = [Example(question=f"q {id}", answer="a", source="s", document_ids=(id,)) for id in documents or ("pmid:1",)]
    made = put(
        ports.store,
        ref("examples", number),
        lambda folder: records.write(folder / "train.jsonl", rows),
        **changes,
    )
    accept(ports, made, "examples")
    return made


class Recording(fakes.MemoryTrainer):
    """A fake trainer that records its arguments."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, list[str], Path | None, Path]] = []

    def train(self, recipe, data, start_from, out, work, progress) -> Mapping[str, float]:  # type: ignore[no-untyped-def]
        rows = [row["question"] for row in records.read_rows(data / "train.jsonl")]
        self.calls.append((recipe.name, rows, start_from, work))
        super().train(recipe, data, start_from, out, work, lambda share, text: None)
        return {"train_loss": 0.5}


@pytest.fixture
def trainer(monkeypatch: pytest.MonkeyPatch) -> Recording:
    recording = Recording()
    monkeypatch.setattr(fakes.FakePorts, "trainer", property(lambda ports: recording))
    return recording


def test_an_adapter_says_what_it_learned_from_and_its_digest(ports: fakes.FakePorts, trainer: Recording) -> None:
    data = examples(ports, 1, "pmid:1", "pmid:2")
    adapter = steps.train("tiny-sft", data, ports=ports)
    assert steps.train("tiny-sft", data, ports=ports) == adapter
    assert [call[:3] for call in trainer.calls] == [("tiny-sft", ["q pmid:1", "q pmid:2"], None)]
    stored, folder = manifest(ports, adapter, AdapterManifest), ports.store.folder(adapter)
    outcome = stored.outcome
    assert (outcome.recipe, outcome.method, outcome.examples, outcome.metrics) == (
        "tiny-sft",
        "sft",
        2,
        {"train_loss": 0.5},
    )
    assert (outcome.data, outcome.start_from) == (data, "base")
    assert (outcome.base, outcome.base_digest) == ("medpipe-sandbox/tiny-llama", "hub:medpipe-sandbox/tiny-llama")
    weights = (folder / fakes.WEIGHTS).read_bytes() + (folder / fakes.CONFIG).read_bytes()
    assert outcome.digest == hashlib.sha256(weights).hexdigest()
    inputs = stored.inputs
    assert (inputs.recipe["name"], inputs.base, inputs.data, inputs.start_from) == (
        "tiny-sft",
        "hub:medpipe-sandbox/tiny-llama",
        data,
        "base",
    )
    assert not trainer.calls[0][3].parent.exists(), "checkpoints are removed when the adapter is whole"


def test_training_continues_from_the_adapter_of_a_version(ports: fakes.FakePorts, trainer: Recording) -> None:
    base = steps.train("tiny-sft", examples(ports, 1), ports=ports)
    named = put(ports.store, "version/medqa-v1-abcdef", adapter=base)
    data = examples(ports, 2)
    adapter = steps.train("tiny-sft", data, named, ports=ports)
    assert trainer.calls[1][2] == ports.store.folder(base)
    assert manifest(ports, adapter, AdapterManifest).outcome.start_from == base
    assert steps.train("tiny-sft", data, base, ports=ports) == adapter, "the version and its adapter are one model"


def test_checkpoints_stay_with_the_names_of_what_they_learn_from_until_the_adapter_is_whole(
    ports: fakes.FakePorts, trainer: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    places: list[Path] = []

    def killed(recipe: Any, data: Any, start_from: Any, out: Any, work: Path, progress: Any) -> None:
        work.mkdir(parents=True, exist_ok=True)
        places.append(work)
        raise KeyboardInterrupt

    monkeypatch.setattr(trainer, "train", killed)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            steps.train("tiny-sft", examples(ports), ports=ports)
    assert places[0] == places[1] and places[0].is_dir()
    assert [training.data for training in workspaces.unfinished(ports)] == [examples(ports)]
    assert list(ports.store.manifests(AdapterManifest)) == []


def test_a_recipe_refuses_data_of_the_other_method(ports: fakes.FakePorts) -> None:
    pairs = put(ports.store, ref("pairs", 1))
    with pytest.raises(errors.UsageError, match="recipe 'tiny-dpo' uses DPO and needs a pairs/… ref; got examples/"):
        steps.train("tiny-dpo", examples(ports), ports=ports)
    with pytest.raises(errors.UsageError, match="recipe 'tiny-sft' uses SFT and needs an examples/… ref; got pairs/"):
        steps.train("tiny-sft", pairs, ports=ports)
    with pytest.raises(errors.NotValidated, match=pairs):
        steps.train("tiny-dpo", pairs, ports=ports)
    with pytest.raises(errors.NotFound, match="pairs/0123456789abcdef"):
        steps.train("tiny-dpo", "pairs/0123456789abcdef", ports=ports)


def test_an_adapter_of_another_base_is_refused(ports: fakes.FakePorts) -> None:
    stranger = put(ports.store, ref("adapter", 9), base_digest="another")
    with pytest.raises(errors.UsageError, match=f"{stranger} was trained on another medpipe-sandbox/tiny-llama"):
        steps.train("tiny-sft", examples(ports), stranger, ports=ports)
    with pytest.raises(errors.UsageError, match=f"{stranger} was trained on another"):
        steps.evaluate(stranger, "tiny-sft", examples(ports), ports=ports)


def test_manifests_name_the_revision_of_a_base_and_an_adapter_of_another_revision_is_refused(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, revision = ports.recipe, "v1"

    def at_revision(name: str) -> Recipe:
        recipe = original(name)
        return recipe.model_copy(update={"base": f"{recipe.base}@{revision}", "benchmarks": ("red-team-model",)})

    monkeypatch.setattr(ports, "recipe", at_revision)
    first = steps.train("tiny-sft", examples(ports), ports=ports)
    outcome = manifest(ports, first, AdapterManifest).outcome
    name = "medpipe-sandbox/tiny-llama@v1"
    assert (outcome.base, outcome.base_digest) == (name, f"hub:{name}")
    evaluation = steps.evaluate(first, "tiny-sft", examples(ports), ports=ports)
    assert manifest(ports, evaluation, EvaluationManifest).inputs.contract.base == name
    revision = "v2"
    with pytest.raises(errors.UsageError, match=f"{first} was trained on another medpipe-sandbox/tiny-llama@v2"):
        steps.train("tiny-sft", examples(ports, 2), first, ports=ports)
    with pytest.raises(errors.UsageError, match="was trained on another medpipe-sandbox/tiny-llama@v2"):
        steps.evaluate(first, "tiny-sft", examples(ports), ports=ports)


def test_an_adapter_of_another_form_is_neither_trained_further_nor_asked(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = steps.train("tiny-sft", examples(ports), ports=ports)
    assert not {"answers", "template"} & manifest(ports, plain, AdapterManifest).outcome.model_dump().keys()
    original = ports.recipe
    monkeypatch.setattr(ports, "recipe", lambda name: in_paragraphs(original(name)))
    paragraphs = steps.train("tiny-sft", examples(ports, 2), ports=ports)
    assert manifest(ports, paragraphs, AdapterManifest).outcome.answers == "paragraphs"
    steps.train("tiny-sft", examples(ports, 3), paragraphs, ports=ports)
    with pytest.raises(errors.UsageError, match=f"{plain} was taught another form of answers than recipe 'tiny-sft'"):
        steps.train("tiny-sft", examples(ports, 3), plain, ports=ports)
    with pytest.raises(errors.UsageError, match=f"{plain} was taught another form of answers"):
        steps.evaluate(plain, "tiny-sft", examples(ports), ports=ports)
    asked = put(ports.store, ref("adapter", 9), template=ChatTemplate(jinja="{{ messages }}", eos="$"))
    with pytest.raises(errors.UsageError, match=f"{asked} was taught another form of answers and prompts"):
        steps.train("tiny-sft", examples(ports), asked, ports=ports)


def in_paragraphs(recipe: Recipe) -> Recipe:
    return recipe.model_copy(update={"data": recipe.data.model_copy(update={"answers": "paragraphs"})})


@pytest.mark.parametrize("model", [EVALUATION, "examples/0123456789abcdef"])
def test_only_the_base_adapters_and_versions_are_models(ports: fakes.FakePorts, model: str) -> None:
    with pytest.raises(errors.UsageError, match=f"{model} is not a model: expected base, adapter/… or version/…"):
        steps.train("tiny-sft", examples(ports), model, ports=ports)


def evaluation(ports: fakes.FakePorts, number: int, right: int, unsafe: int = 0) -> str:
    """An evaluation of 40 new items (`right` of them answered right) and 20 questions of the red team."""
    scores = {
        "new-knowledge": tuple(
            Score(sample_id=str(n), value=float(n < right), answer="", cluster=str(n)) for n in range(40)
        ),
        "red-team": tuple(Score(sample_id=str(n), value=float(n < unsafe), answer="") for n in range(20)),
    }
    whole = Evaluation(model="base", examples="examples/1", metrics={}, scores=scores)
    metric = Metric(name="new-knowledge", value=right / 40, low=0, high=1, n=40)
    return put(
        ports.store,
        ref("evaluation", number),
        lambda folder: (folder / "evaluation.json").write_text(whole.model_dump_json()),
        metrics={"new-knowledge": metric},
    )


def judged(ports: fakes.FakePorts, number: int = 1) -> dict[str, str]:
    """The arguments of register."""
    return {
        "adapter": put(ports.store, ref("adapter", number), digest="abcdef01"),
        "evaluation": evaluation(ports, number, 30),
        "decision": put(ports.store, ref("decision", number), outcome=Outcome.FAIL, reasons=("worse",)),
        "examples": examples(ports, number, corpus=OTHER),
    }


def registered(ports: fakes.FakePorts) -> list[dict[str, Any]]:
    versions: list[dict[str, Any]] = json.loads((ports.settings.home / "registry.json").read_text())["versions"]
    return versions


def test_a_version_knows_everything_that_it_came_from_whatever_was_decided(ports: fakes.FakePorts) -> None:
    arguments = judged(ports)
    pairs = put(ports.store, ref("pairs", 1))
    parent = put(ports.store, "version/medqa-v0-abcdef")
    named = steps.register(
        **arguments, parent=parent, incumbent="base", pairs=pairs, reason="asked by hand", ports=ports
    )
    assert named == "version/medqa-v1-abcdef"
    provenance = arguments | {
        "digest": "abcdef01",
        "recipe": "tiny-sft",
        "base": "medpipe-sandbox/tiny-llama",
        "contract": CONTRACT.model_dump(),
        "corpus": OTHER,
        "outcome": "fail",
        "parent": parent,
        "incumbent": "base",
        "reason": "asked by hand",
        "pairs": pairs,
    }
    assert registered(ports) == [provenance]
    outcome = manifest(ports, named, VersionManifest).outcome
    assert outcome.model_dump() == provenance | {"number": 1, "name": "medqa-v1-abcdef", "page": ""}
    (entry,) = ports.ledger.entries()
    assert (entry.event, entry.version, entry.decision, entry.reasons) == ("registered", named, "fail", ("worse",))


def test_the_registry_gets_the_folder_of_the_adapter_each_metric_with_its_interval_and_the_curve(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    got: list[tuple[Path, Mapping[str, float], Curves]] = []
    register = fakes.FileRegistry.register

    def recorded(
        self: fakes.FileRegistry,
        adapter: Path,
        description: Mapping[str, Any],
        metrics: Mapping[str, float],
        curves: Curves,
    ) -> Registered:
        got.append((adapter, metrics, curves))
        return register(self, adapter, description, metrics, curves)

    monkeypatch.setattr(fakes.FileRegistry, "register", recorded)
    arguments = judged(ports)
    points = [Point(step=5, loss=2.0, eval_loss=2.5), Point(step=10, loss=1.0)]
    arguments["adapter"] = put(
        ports.store, ref("adapter", 2), lambda folder: records.write(folder / CURVE, points), digest="abcdef01"
    )
    steps.register(**arguments, ports=ports)
    ((folder, metrics, curves),) = got
    assert folder == ports.store.folder(arguments["adapter"])
    assert metrics["new-knowledge"] == 0.75
    assert metrics["new-knowledge/low"] <= 0.75 <= metrics["new-knowledge/high"]
    assert curves == {"training/loss": [(5, 2.0), (10, 1.0)], "training/eval_loss": [(5, 2.5)]}


def test_registering_again_gives_the_same_version_and_another_parent_another(ports: fakes.FakePorts) -> None:
    arguments = judged(ports)
    first = steps.register(**arguments, ports=ports)
    assert steps.register(**arguments, reason="another", ports=ports) == first
    assert (len(registered(ports)), len(ports.ledger.entries())) == (1, 1)
    second = steps.register(**arguments, parent=first, ports=ports)
    third = steps.register(**arguments, incumbent=first, ports=ports)
    assert [first, second, third] == [f"version/medqa-v{number}-abcdef" for number in (1, 2, 3)]


def test_a_version_keeps_the_pairs_that_its_parent_learned_from(ports: fakes.FakePorts) -> None:
    arguments, pairs = judged(ports), put(ports.store, ref("pairs", 1))
    parent = put(ports.store, "version/medqa-v0-abcdef", pairs=pairs)
    child = steps.register(**arguments, parent=parent, ports=ports)
    assert manifest(ports, child, VersionManifest).outcome.pairs == pairs
    orphan = steps.register(**arguments, incumbent=parent, ports=ports)
    assert manifest(ports, orphan, VersionManifest).outcome.pairs is None
    of_adapter = steps.register(**arguments, parent=arguments["adapter"], ports=ports)
    assert manifest(ports, of_adapter, VersionManifest).outcome.pairs is None


@pytest.mark.parametrize("name", ["adapter", "evaluation", "decision", "examples", "parent", "incumbent", "pairs"])
def test_every_ref_of_register_must_be_of_its_kind(ports: fakes.FakePorts, name: str) -> None:
    for wrong in ("documents/0123456789abcdef", "rubbish"):
        with pytest.raises(errors.UsageError, match=wrong):
            steps.register(**{**judged(ports), name: wrong}, ports=ports)
    assert not (ports.settings.home / "registry.json").exists()
    assert ports.ledger.entries() == []


def test_each_training_has_a_workspace_of_its_own_named_after_its_inputs(
    ports: fakes.FakePorts, trainer: Recording
) -> None:
    first, second = (steps.train("tiny-sft", examples(ports, number), ports=ports) for number in (1, 2))
    places = [call[3] for call in trainer.calls]
    for adapter, place in zip((first, second), places, strict=True):
        stored = manifest(ports, adapter, AdapterManifest)
        assert stored.verb == "train"
        work = ref("work", stored.inputs.model_dump(mode="json"))
        assert (place.name, place.parent.name) == ("checkpoints", work.replace("/", "-"))
    assert places[0] != places[1]


def test_training_reports_its_progress(
    ports: fakes.FakePorts, trainer: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Any] = []
    learn = trainer.train

    def watched(recipe, data, start_from, out, work, progress):  # type: ignore[no-untyped-def]
        shown.append(progress)
        return learn(recipe, data, start_from, out, work, progress)

    monkeypatch.setattr(trainer, "train", watched)
    steps.train("tiny-sft", examples(ports), ports=ports)
    assert shown == [ports.progress]


def test_a_release_of_quarantined_examples_gives_another_adapter(ports: fakes.FakePorts, trainer: Recording) -> None:
    rows = [Example(question=f"q {n}", answer="a", source="s", document_ids=("pmid:1",)) for n in range(3)]
    data = put(ports.store, ref("examples", 7), lambda folder: records.write(folder / "train.jsonl", rows))
    inputs = ValidationInputs(data=data, suite="examples", expectations=ports.suite("examples"))
    with ports.store.write(artifact.validation_ref(ports, data, "examples"), "validate", inputs) as draft:
        held = {"index": 1, "id": "x", "source": "s", "reasons": ["odd"], "row": rows[1].model_dump(mode="json")}
        records.write_rows(draft.path / "quarantine.jsonl", [held])
        draft.conclude(ValidationOutcome(rows=3, accepted=True, quarantined_rows=(1,)))
    before = steps.train("tiny-sft", data, ports=ports)
    released = steps.release(data, "examples", "fine", "Dr Calder", rows=(1,), ports=ports)
    after = steps.train("tiny-sft", data, ports=ports)
    assert before != after
    assert [call[1] for call in trainer.calls] == [["q 0", "q 2"], ["q 0", "q 1", "q 2"]]
    assert manifest(ports, after, AdapterManifest).inputs.released == (released,)
