"""Whole models: trained or merged, judged as they are served, and served by an engine that was started with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from medpipe import errors, steps
from medpipe.core.knowledge.withdrawals import State
from medpipe.core.manifests import AdapterManifest, EvaluationManifest, PreparedManifest, VersionManifest
from medpipe.settings import Settings
from medpipe.steps.artifact import manifest
from tests import fakes
from tests.steps.conftest import DAY_1, DAY_2, OLD, publish, topic
from tests.steps.test_ring import refresh, retrain
from tests.steps.versions import barred, history, version, withdraw

SHIPPED = Settings().recipes
WHOLE = {"lora": None, "quantization": None, "serve": "merged"}


@pytest.fixture
def ports(tmp_path: Path) -> fakes.FakePorts:
    """Ports with the sandbox's recipe, one that serves it merged, and one that trains all weights."""
    recipes = tmp_path / "recipes"
    recipes.mkdir()
    (recipes / "data").symlink_to(SHIPPED / "data")
    shipped = yaml.safe_load((SHIPPED / "tiny-sft.yaml").read_text(encoding="utf-8"))
    for name, changes in (("tiny-sft", {}), ("tiny-merged", {"serve": "merged"}), ("tiny-whole", WHOLE)):
        write(recipes, shipped | changes | {"name": name})
    return fakes.ports(Settings(home=tmp_path / "home", recipes=recipes))


def write(recipes: Path, recipe: dict[str, Any]) -> None:
    (recipes / f"{recipe['name']}.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")


def corpus_of(ports: fakes.FakePorts) -> str:
    publish(ports, [topic(number) for number in OLD])
    return refresh(ports, DAY_1, DAY_2)


@pytest.mark.parametrize("recipe", ["tiny-merged", "tiny-whole"])
def test_a_merged_version_is_judged_as_one_model_and_waits_for_an_engine_that_was_started_with_it(
    ports: fakes.FakePorts, recipe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    version, _ = retrain(ports, corpus_of(ports), recipe)
    registered = manifest(ports, version, VersionManifest)
    contract = registered.outcome.contract
    whole = manifest(ports, contract.base, PreparedManifest)
    assert contract.merged and contract.base_digest == whole.outcome.digest
    assert whole.inputs.adapter == registered.outcome.adapter
    assert whole.ref in registered.made_of, "what serves is part of what the version came from"
    assert steps.promote(version, ports=ports) == version
    before = history(ports)

    for verb in (lambda: steps.deploy(ports=ports), lambda: steps.restore(version, "it did not go live", ports=ports)):
        with pytest.raises(errors.ConfigError, match=f"serves the base None, but '{whole.ref}' is wanted"):
            verb()
    assert (ports.routes.current(), barred(ports), history(ports)) == (None, {}, before), "it never had its chance"

    ports.engine.restart_with(whole.ref, ports.store.folder(whole.ref))  # type: ignore[attr-defined]
    assert steps.deploy(ports=ports) == version
    route = ports.routes.current()
    assert route is not None and route.adapter_name == whole.ref.split("/")[1]
    assert steps.deploy(ports=ports) == version and ports.routes.current() == route

    unnamed = steps.prepare_base("tiny-sft", ports=ports)
    monkeypatch.setattr(ports.withdrawals, "now", lambda: datetime.now(UTC) + timedelta(days=1000))
    steps.gc(apply=True, ports=ports)
    assert ports.store.find(unnamed) is None, "nothing needs it, and it can be made again"
    assert ports.store.folder(whole.ref), "the champion needs it"


def test_an_adapter_is_not_deployed_beside_the_weights_of_a_merged_version(ports: fakes.FakePorts) -> None:
    version, _ = retrain(ports, corpus_of(ports), "tiny-sft")
    steps.promote(version, ports=ports)
    other = steps.prepare_base("tiny-sft", rounding="nf4", ports=ports)
    ports.engine.restart_with(other, ports.store.folder(other))  # type: ignore[attr-defined]
    with pytest.raises(errors.ConfigError, match="tiny-llama' is wanted"):
        steps.deploy(ports=ports)
    assert ports.engine.loaded() == frozenset() and ports.routes.current() is None


def test_what_an_artifact_of_all_weights_holds_is_in_its_manifest_and_only_its_like_goes_on_from_it(
    ports: fakes.FakePorts,
) -> None:
    corpus = corpus_of(ports)
    examples = steps.validate(steps.build_examples(corpus, "tiny-whole", ports=ports), "examples", ports=ports)
    model = steps.train("tiny-whole", examples, ports=ports)
    adapter = steps.train("tiny-sft", examples, ports=ports)
    assert [manifest(ports, ref, AdapterManifest).outcome.weights for ref in (model, adapter)] == ["whole", "lora"]
    assert "weights" not in manifest(ports, adapter, AdapterManifest).outcome.model_dump(), "as it was always written"
    assert sorted(file.name for file in ports.store.folder(model).iterdir()) == [
        *("config.json", "curve.jsonl", "manifest.json", "model.safetensors")
    ]
    again = steps.train("tiny-whole", examples, model, ports=ports)
    assert manifest(ports, again, AdapterManifest).outcome.start_from == model
    for recipe, start in (("tiny-sft", model), ("tiny-whole", adapter)):
        with pytest.raises(errors.UsageError, match=f"{start} was taught another form of weights than recipe"):
            steps.train(recipe, examples, start, ports=ports)
    with pytest.raises(errors.UsageError, match="another form of weights"):
        steps.evaluate(model, "tiny-sft", examples, ports=ports)


def test_one_model_is_written_once_for_a_base_an_adapter_and_a_rounding(ports: fakes.FakePorts) -> None:
    corpus = corpus_of(ports)
    examples = steps.validate(steps.build_examples(corpus, "tiny-sft", ports=ports), "examples", ports=ports)
    adapter = steps.train("tiny-sft", examples, ports=ports)
    merged = steps.prepare_base("tiny-sft", adapter, ports=ports)
    assert steps.prepare_base("tiny-merged", adapter, "float32", ports=ports) == merged
    others = {steps.prepare_base("tiny-sft", adapter, "int8", ports=ports), steps.prepare_base("tiny-sft", ports=ports)}
    assert len({merged, *others}) == 3
    asked = manifest(ports, steps.evaluate(adapter, "tiny-merged", examples, ports=ports), EvaluationManifest)
    assert asked.inputs.contract.base == merged and merged in set(asked.named()), "gc keeps what answered"
    with pytest.raises(errors.UsageError, match="no rounding is called 'int2'; there are: float32, bfloat16, nf4"):
        steps.prepare_base("tiny-sft", rounding="int2", ports=ports)


def test_a_prepared_base_is_the_base_of_a_recipe_by_its_ref_and_its_digest_is_that_of_its_files(
    ports: fakes.FakePorts,
) -> None:
    rounded = steps.prepare_base("tiny-sft", rounding="nf4", ports=ports)
    recipe = ports.recipe("tiny-sft").model_dump(mode="json") | {"name": "on-rounded", "base": rounded}
    write(ports.settings.recipes, recipe)
    examples = steps.validate(
        steps.build_examples(corpus_of(ports), "on-rounded", ports=ports), "examples", ports=ports
    )
    adapter = steps.train("on-rounded", examples, ports=ports)
    trained = manifest(ports, adapter, AdapterManifest)
    assert trained.outcome.base_digest == manifest(ports, rounded, PreparedManifest).outcome.digest
    assert rounded in trained.made_of
    contract = manifest(ports, steps.evaluate(adapter, "on-rounded", examples, ports=ports), EvaluationManifest)
    assert (contract.inputs.contract.base, contract.inputs.contract.merged) == (rounded, False)
    with pytest.raises(errors.UsageError, match="was trained on another"):
        steps.prepare_base("tiny-sft", adapter, ports=ports)
    merged = steps.prepare_base("on-rounded", adapter, ports=ports)
    write(ports.settings.recipes, recipe | {"name": "on-merged", "base": merged})
    with pytest.raises(errors.UsageError, match=f"{merged} has what {adapter} learned.* name {rounded} as the base"):
        steps.train("on-merged", examples, ports=ports)
    write(ports.settings.recipes, recipe | {"name": "nowhere", "base": "prepared/0123456789abcdef"})
    with pytest.raises(
        errors.NotFound, match="prepared/0123456789abcdef does not exist: `medpipe prepare-base` makes it"
    ):
        steps.prepare_base("nowhere", ports=ports)


def test_no_whole_model_is_written_of_a_barred_version_or_of_a_withdrawn_document_until_it_may_serve(
    ports: fakes.FakePorts,
) -> None:
    taught, _ = version(ports, 1, documents=("pmid:7",))
    trained = manifest(ports, taught, VersionManifest).outcome.adapter
    after, _ = version(ports, 2, documents=("pmid:7",), role="withdrawn", start_from=trained)
    steps.bar(taught, "it answered wrongly", "Dr. A", ports=ports)
    for model in (taught, trained):
        with pytest.raises(errors.UsageError, match=rf"{taught} is barred: it answered wrongly.*medpipe unbar"):
            steps.prepare_base("tiny-sft", model, ports=ports)
    steps.unbar(taught, "it was another's answer", "Dr. A", ports=ports)
    withdraw(ports, "pmid:7")
    for model in (taught, trained):
        with pytest.raises(errors.UsageError, match=rf"{model} carries pmid:7, which was withdrawn.*block the"):
            steps.prepare_base("tiny-sft", model, ports=ports)
    assert steps.prepare_base("tiny-sft", after, ports=ports), "its last training withdrew the document"
    withdraw(ports, "pmid:7", State.BLOCKED)
    assert steps.prepare_base("tiny-sft", taught, ports=ports), "it may serve again, behind the block"
