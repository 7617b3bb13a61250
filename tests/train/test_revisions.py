"""A base with a revision is that revision everywhere: on a hub, in training, when it is asked, and in the adapter."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from medpipe.backends.preparer import TransformersPreparer
from medpipe.backends.transformers_generator import TransformersGenerator
from medpipe.backends.trl.adapter_files import CONFIG
from medpipe.backends.trl.trainer import TrlTrainer
from medpipe.core import prompt
from medpipe.core.contract import Ending
from medpipe.sandbox.tiny_base import NAME
from tests.train.test_trl_trainer import FACTS, digest, examples, quiet, recipe, train  # noqa: F401 (fixtures)

pytestmark = pytest.mark.slow

REPOSITORY = "org/model"


@pytest.fixture
def hub(tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the cache of a hub that has a base in two revisions: `v1` is the tiny base, `main` answers nothing."""
    from huggingface_hub import constants
    from transformers import AutoModelForCausalLM

    cache = tmp_path / "hub"
    repository = cache / "models--org--model"
    for number, revision in enumerate(("v1", "main")):
        commit = str(number) * 40
        (repository / "refs").mkdir(parents=True, exist_ok=True)
        (repository / "refs" / revision).write_text(commit, encoding="utf-8")
        shutil.copytree(tiny_base / NAME, repository / "snapshots" / commit)
    model = AutoModelForCausalLM.from_pretrained(tiny_base / NAME)
    for weights in model.parameters():
        weights.data.zero_()
    model.save_pretrained(repository / "snapshots" / ("1" * 40))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)  # only the cache is asked
    return cache


def test_exactly_the_named_revision_of_a_hub_is_trained_asked_and_merged(
    hub: Path,
    tiny_base: Path,
    examples: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    expected = train(tiny_base, recipe(max_steps=3), examples, tmp_path / "local")
    (tmp_path / "none").mkdir()
    trained = tmp_path / "a"
    TrlTrainer(tmp_path / "none", 1, offline=False).train(
        recipe(base=f"{REPOSITORY}@v1", max_steps=3), examples, None, trained, tmp_path / "w", quiet
    )
    config = json.loads((trained / CONFIG).read_text(encoding="utf-8"))
    assert (config["base_model_name_or_path"], config["revision"]) == (REPOSITORY, "v1"), "peft's own fields"
    plain = json.loads((expected / CONFIG).read_text(encoding="utf-8"))
    assert plain["revision"] is None
    same = config | {"base_model_name_or_path": NAME, "revision": None}
    (trained / CONFIG).write_text(json.dumps(same, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    assert digest(trained) == digest(expected)
    prompts = [prompt.render(f"How is {name} treated?") for name in FACTS]
    told = {
        base: TransformersGenerator(models, 1, offline=False).generate(base, trained, "a", prompts, Ending(8), quiet)
        for models, base in (
            (tiny_base, NAME),
            (tmp_path / "none", f"{REPOSITORY}@v1"),
            (tmp_path / "none", REPOSITORY),
        )
    }
    assert told[NAME] == told[f"{REPOSITORY}@v1"] != told[REPOSITORY]
    merged = []
    for models, base in ((tiny_base, NAME), (tmp_path / "none", f"{REPOSITORY}@v1")):
        out = tmp_path / f"merged-{len(merged)}"
        TransformersPreparer(models, 1, offline=False).prepare(base, trained, "float32", out)
        merged.append((out / "model.safetensors").read_bytes())
    assert merged[0] == merged[1]
