"""Every weight of a base is trained, the same as ever, and one whole model is made of it for the engine."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from medpipe.backends.preparer import TransformersPreparer
from medpipe.backends.transformers_generator import TransformersGenerator
from medpipe.backends.trl.adapter_files import CONFIG
from medpipe.backends.trl.checkpoints import last_whole_checkpoint
from medpipe.backends.trl.trainer import TrlTrainer
from medpipe.base_models import digest_of
from medpipe.core import prompt
from medpipe.core.contract import Ending
from medpipe.core.teaching.curve import CURVE
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import ConfigError, NotFound, UsageError
from medpipe.sandbox.tiny_base import NAME
from medpipe.weights import rounding
from tests.gpt2 import make_gpt2
from tests.places import ROOT
from tests.train.test_trl_trainer import FACTS, examples, pairs, quiet, recipe, train  # noqa: F401 (fixtures)

pytestmark = pytest.mark.slow

PROMPTS = [prompt.render(f"How is {name} treated?") for name in FACTS]
REF = "prepared/0123456789abcdef"


def whole(method: str = "sft", **trainer: object) -> Recipe:
    changed = {"lora": None, "quantization": None, "serve": "merged"}
    return recipe(method, **{"learning_rate": 0.002, **trainer}).model_copy(update=changed)


def on(base: str, trained: Recipe) -> Recipe:
    return trained.model_copy(update={"base": base, "quantization": None})


def digest(folder: Path) -> str:
    """The digest of a model, which its curve is no part of."""
    files = sorted(file for file in folder.iterdir() if file.name != CURVE)
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def answers(models: Path, folder: Path | None, base: str = NAME, adapter: Path | None = None) -> list[str]:
    """Return what a base says: one in `models`, or the whole model in `folder`."""
    generator = TransformersGenerator(models, prepared=lambda ref: folder or models)
    return generator.generate(REF if folder else base, adapter, "a", PROMPTS, Ending(40), quiet)


@pytest.fixture
def gpt2(tmp_path: Path) -> Path:
    """Return a models folder with a tiny GPT-2 of random weights, `gpt2`."""
    make_gpt2(tmp_path / "models" / "gpt2")
    return tmp_path / "models"


def test_all_weights_are_trained_and_a_killed_training_ends_in_the_same_bytes(
    tiny_base: Path,
    examples: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    full = train(tiny_base, whole(), examples, tmp_path / "full")
    out, work = tmp_path / "killed", tmp_path / "killed-work"
    command = [sys.executable, "-m", "tests.train.one_training"]
    command += [str(tiny_base), whole().model_dump_json(), str(examples), str(out), str(work)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if float(line) >= 0.5:
                break
        os.kill(process.pid, signal.SIGKILL)
    kept = last_whole_checkpoint(work)
    assert kept is not None and not out.exists()
    assert digest(train(tiny_base, whole(), examples, out)) == digest(full)
    assert last_whole_checkpoint(work) != kept, "the second run went on from the first one's checkpoint"
    assert all(str(tiny_base) not in file.read_text("latin-1") for file in full.iterdir())

    known = [drug in text for drug, text in zip(FACTS.values(), answers(tiny_base, full), strict=True)]
    assert known == [True] * 4, "what was taught is answered by the whole model alone"


def test_a_training_goes_on_from_a_whole_model_and_dpo_takes_it_as_the_reference(
    tiny_base: Path,
    examples: Path,  # noqa: F811
    pairs: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    first = train(tiny_base, whole(max_steps=5), examples, tmp_path / "a")
    still = train(tiny_base, whole(max_steps=1, learning_rate=0.0), examples, tmp_path / "b", start=first)
    assert digest(first) == digest(still), "a step of no size leaves the model that it started from"
    metrics = TrlTrainer(tiny_base).train(
        whole("dpo", max_steps=1, logging_steps=1), pairs, first, tmp_path / "c", tmp_path / "c-work", quiet
    )
    assert metrics["loss"] == pytest.approx(0.6931, abs=1e-3), "policy and reference are equal at the first step"
    assert digest(tmp_path / "c") != digest(first)


def test_an_adapter_is_no_start_for_all_weights_nor_a_whole_model_for_an_adapter(
    tiny_base: Path,
    examples: Path,  # noqa: F811
    pairs: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    adapter, model = tmp_path / "adapter", tmp_path / "model"
    for folder, name in ((adapter, CONFIG), (model, "config.json")):
        folder.mkdir()
        (folder / name).write_text("{}")
    with pytest.raises(UsageError, match=r"'adapter' is not a whole model: it has no config.json"):
        train(tiny_base, whole(), examples, tmp_path / "a", start=adapter)
    with pytest.raises(UsageError, match=r"'model' is not an adapter: it has no adapter_model.safetensors"):
        train(tiny_base, recipe(), examples, tmp_path / "b", start=model)
    with pytest.raises(UsageError, match="DPO, which goes on from a whole model"):
        train(tiny_base, whole("dpo"), pairs, tmp_path / "c")


def test_an_adapter_of_gpt2_is_refused_until_it_is_served_merged_and_then_answers_as_it_did(
    gpt2: Path,
    examples: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    taught = on("gpt2", recipe(learning_rate=0.05, max_steps=40))
    with pytest.raises(ConfigError, match=r"no adapter beside a base of the kind gpt2 \(gpt2\): set serve to merged.*"):
        train(gpt2, taught, examples, tmp_path / "a")
    adapter = train(gpt2, taught.model_copy(update={"serve": "merged"}), examples, tmp_path / "a")
    written = TransformersPreparer(gpt2).prepare("gpt2", adapter, "float32", tmp_path / "merged")
    again = TransformersPreparer(gpt2).prepare("gpt2", adapter, "float32", tmp_path / "again")
    assert written == again and written.digest == digest_of(tmp_path / "merged")
    beside = answers(gpt2, None, "gpt2", adapter)
    assert answers(gpt2, tmp_path / "merged") == beside != answers(gpt2, None, "gpt2")
    assert all(str(tmp_path) not in file.read_text("latin-1") for file in (tmp_path / "merged").iterdir())


def test_nf4_is_what_bitsandbytes_computes_with_and_rounds_once_also_for_the_layers_of_gpt2(
    gpt2: Path, tmp_path: Path
) -> None:
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    nf4 = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.float32)
    theirs = AutoModelForCausalLM.from_pretrained(gpt2 / "gpt2", quantization_config=nf4, dtype=torch.float32)
    written = TransformersPreparer(gpt2).prepare("gpt2", None, "nf4", tmp_path / "nf4")
    ours = AutoModelForCausalLM.from_pretrained(tmp_path / "nf4", dtype=torch.float32)
    tokens = torch.arange(20)[None]
    assert torch.equal(theirs.dequantize()(tokens).logits, ours(tokens).logits)
    assert 0.05 < written.relative_error < 0.15
    assert rounding.to_nf4(ours) == 0.0


@pytest.mark.parametrize(("few_bits", "most", "bytes_of_a_weight"), [("int8", 0.05, 1.2), ("int4", 0.2, 0.8)])
def test_few_bits_take_little_room_lose_little_and_are_not_rounded_or_trained_again(
    tiny_base: Path,
    examples: Path,  # noqa: F811
    tmp_path: Path,
    few_bits: str,
    most: float,
    bytes_of_a_weight: float,
) -> None:
    import torch
    from safetensors import safe_open
    from transformers import AutoModelForCausalLM

    preparer = TransformersPreparer(tiny_base, prepared=lambda ref: tmp_path / "few")
    written = preparer.prepare(NAME, None, few_bits, tmp_path / "few")  # type: ignore[arg-type]
    assert 0 < written.relative_error < most
    with safe_open(tmp_path / "few" / "model.safetensors", "pt") as file:
        stored = [file.get_tensor(name) for name in file.keys() if ".layers." in name and "norm" not in name]  # noqa: SIM118
    size = sum(tensor.numel() * tensor.element_size() for tensor in stored)
    plain = AutoModelForCausalLM.from_pretrained(tiny_base / NAME, dtype=torch.float32)
    matrices = sum(value.numel() for name, value in plain.model.layers.named_parameters() if "norm" not in name)
    assert size < bytes_of_a_weight * matrices
    read = AutoModelForCausalLM.from_pretrained(tmp_path / "few", dtype=torch.float32)
    tokens = torch.arange(20)[None]
    with torch.no_grad():
        before, after = plain(tokens).logits, read(tokens).logits
    assert 0 < float((after - before).norm() / before.norm()) < most
    assert answers(tmp_path, tmp_path / "few")[0].startswith(answers(tiny_base, None)[0][:8]), "no noise is read"
    with pytest.raises(ConfigError, match=f"{REF} is stored in few bits already: prepare the base"):
        preparer.prepare(REF, None, "nf4", tmp_path / "again")
    with pytest.raises(ConfigError, match=f"the weights of {REF} are stored in few bits, for an engine"):
        trainer = TrlTrainer(tmp_path, prepared=lambda ref: tmp_path / "few")
        trainer.train(on(REF, recipe()), examples, None, tmp_path / "a", tmp_path / "work", quiet)


@pytest.mark.parametrize("few_bits", ["int8", "int4"])
def test_gpt2_is_not_stored_in_few_bits(gpt2: Path, tmp_path: Path, few_bits: str) -> None:
    with pytest.raises(ConfigError, match=f"Conv1D .GPT-2. cannot be stored as {few_bits}.*choose nf4"):
        TransformersPreparer(gpt2).prepare("gpt2", None, few_bits, tmp_path / "few")  # type: ignore[arg-type]
    assert not (tmp_path / "few").exists()


def test_a_prepared_base_is_trained_on_by_its_ref_and_one_that_is_unknown_is_named(
    tiny_base: Path,
    examples: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    trained = on(REF, recipe(max_steps=2))
    trainer = TrlTrainer(tmp_path, prepared=lambda ref: tiny_base / NAME)
    trainer.train(trained, examples, None, tmp_path / "a", tmp_path / "work", quiet)
    assert f'"base_model_name_or_path": "{REF}"' in (tmp_path / "a" / CONFIG).read_text()
    with pytest.raises(NotFound, match=f"{REF} is not known here"):
        train(tmp_path, trained, examples, tmp_path / "b")
