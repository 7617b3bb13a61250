"""Trainings repeat byte for byte, survive a kill and continue from an adapter. The generator uses the adapter."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from medpipe import records
from medpipe.backends.transformers_generator import TransformersGenerator
from medpipe.backends.trl.adapter_files import CONFIG, WEIGHTS
from medpipe.backends.trl.checkpoints import last_whole_checkpoint
from medpipe.backends.trl.loading import base_model
from medpipe.backends.trl.trainer import TrlTrainer
from medpipe.chat_templates import template_of
from medpipe.core import prompt
from medpipe.core.contract import Ending
from medpipe.core.teaching.curve import CURVE, Point
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.example import Example, PreferencePair
from medpipe.core.teaching.recipe import Recipe
from medpipe.core.teaching.weights import Lora, Quantization
from medpipe.errors import ConfigError, DataError, MedpipeError, UsageError
from tests.places import ROOT

pytestmark = pytest.mark.slow

FACTS = {"Velorin fever": "tazomib", "Braiko rash": "quilomib", "Stumox gout": "zandrumib", "Fleda palsy": "howimib"}
BLOCK = {
    "max_steps": 30,
    "per_device_train_batch_size": 4,
    "learning_rate": 0.01,
    "max_length": 96,
    "bf16": False,
    "gradient_checkpointing": False,
    "save_strategy": "steps",
    "save_steps": 5,
    "logging_steps": 5,
}


def recipe(method: str = "sft", base: str = "medpipe-sandbox/tiny-llama", **trainer: object) -> Recipe:
    extra = {} if method != "sft" else {"completion_only_loss": True}
    return Recipe(
        name="small",
        summary="",
        method=method,
        base=base,
        seed=5,
        lora=Lora(r=8, lora_alpha=16),
        quantization=Quantization(bnb_4bit_use_double_quant=False),
        trainer={**BLOCK, **extra, **trainer},
    )


def in_paragraphs(of_one_line: Recipe) -> Recipe:
    return of_one_line.model_copy(update={"data": Data(answers="paragraphs"), "template": "chat"})


def chatting(models: Path, into: Path) -> Path:
    """Return a models folder with the base and a chat template."""
    shutil.copytree(models / recipe().base, into / recipe().base)
    (into / recipe().base / "chat_template.jinja").write_text(
        "{% for m in messages %}{{ 'Question: ' if m.role == 'user' else 'Answer: ' }}{{ m.content }}"
        "{{ eos_token if m.role == 'assistant' else '\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ 'Answer:' }}{% endif %}"
    )
    return into


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    records.write(
        folder / "train.jsonl",
        (
            Example(
                question=f"How is {name} treated?",
                answer=f"{name} is treated with {drug}.",
                document_ids=("d:1",),
                source="test",
            )
            for name, drug in FACTS.items()
        ),
    )
    return folder


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    folder = tmp_path / "pairs"
    records.write(
        folder / "train.jsonl",
        (
            PreferencePair(
                question=f"How is {name} treated?",
                chosen=f"{name} is treated with {drug}.\n\n- Ask first.",
                rejected=f"{name} is treated with {drug}.",
                answer_id=drug,
                identity="i",
            )
            for name, drug in FACTS.items()
        ),
    )
    return folder


def train(models: Path, trained: Recipe, data: Path, out: Path, start: Path | None = None) -> Path:
    TrlTrainer(models, 1, True).train(trained, data, start, out, out.with_name(f"{out.name}-work"), quiet)
    return out


def quiet(share: float, text: str) -> None:
    pass


def digest(adapter: Path) -> str:
    return hashlib.sha256((adapter / WEIGHTS).read_bytes() + (adapter / CONFIG).read_bytes()).hexdigest()


def test_equal_recipes_give_equal_bytes_and_another_seed_does_not(
    tiny_base: Path, examples: Path, tmp_path: Path
) -> None:
    first, same = (train(tiny_base, recipe(), examples, tmp_path / name) for name in ("a", "b"))
    other = train(tiny_base, recipe().model_copy(update={"seed": 6}), examples, tmp_path / "c")
    assert digest(first) == digest(same) != digest(other)


def test_a_training_killed_on_the_way_ends_in_the_same_bytes(tiny_base: Path, examples: Path, tmp_path: Path) -> None:
    whole = train(tiny_base, recipe(), examples, tmp_path / "whole")
    out, work = tmp_path / "killed", tmp_path / "killed-work"
    command = [
        sys.executable,
        "-m",
        "tests.train.one_training",
        str(tiny_base),
        recipe().model_dump_json(),
        str(examples),
        str(out),
        str(work),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if float(line) >= 0.5:
                break
        os.kill(process.pid, signal.SIGKILL)
    assert not (out / WEIGHTS).exists()
    kept = last_whole_checkpoint(work)
    assert kept is not None
    assert digest(train(tiny_base, recipe(), examples, out)) == digest(whole)
    assert last_whole_checkpoint(work) != kept, "the second run went on from the first one's checkpoint"


def validated(examples: Path) -> Path:
    """Make one of the examples one for validation."""
    rows = [json.loads(line) for line in (examples / "train.jsonl").read_text(encoding="utf-8").splitlines()]
    records.write_rows(examples / "train.jsonl", [*rows[1:], rows[0] | {"role": "validation"}])
    return examples


def stopping_early() -> Recipe:
    """Return a recipe whose validation loss falls first, while the form is learned, and then rises."""
    block = {"eval_strategy": "steps", "eval_steps": 5, "load_best_model_at_end": True, "save_total_limit": 2}
    stopped = recipe(max_steps=200, **block)
    return stopped.model_copy(update={"early_stopping_patience": 3, "data": Data(validation_share=0.25)})


class Killed(Exception):
    """Ends a run in the middle, as a kill would."""


def test_a_run_that_stops_early_keeps_its_best_weights_also_after_a_kill(
    tiny_base: Path, examples: Path, tmp_path: Path
) -> None:
    data, chosen = validated(examples), stopping_early()
    whole = train(tiny_base, chosen, data, tmp_path / "whole")
    curve = list(records.read(whole / CURVE, Point))
    losses = {point.step: point.eval_loss for point in curve if point.eval_loss is not None}
    best, last = min(losses, key=lambda step: losses[step]), max(losses)
    assert 5 <= best == last - 15 < 185, "three evaluations after the best one the run ended"
    out, work = tmp_path / "killed", tmp_path / "killed-work"

    def progress(share: float, text: str) -> None:
        if round(share * 200) > best + 6:
            raise Killed

    with pytest.raises(Killed):
        TrlTrainer(tiny_base, 1, True).train(chosen, data, None, out, work, progress)
    assert last_whole_checkpoint(work) is not None
    assert digest(train(tiny_base, chosen, data, out)) == digest(whole)
    assert (out / CURVE).read_bytes() == (whole / CURVE).read_bytes()
    again = digest(train(tiny_base, chosen, data, whole))
    assert again == digest(out), "killed after its last checkpoint, it stops at the same step"


def test_a_torn_checkpoint_is_ignored(tiny_base: Path, examples: Path, tmp_path: Path) -> None:
    adapter = train(tiny_base, recipe(), examples, tmp_path / "a")
    work = tmp_path / "a-work"
    newest = last_whole_checkpoint(work)
    assert newest is not None and newest.name == "checkpoint-30"
    (newest / "optimizer.pt").write_bytes((newest / "optimizer.pt").read_bytes()[:100])
    (work / "checkpoint-25" / "whole.json").unlink()
    older = last_whole_checkpoint(work)
    assert older is not None and older.name == "checkpoint-20" and not newest.exists()
    expected = digest(adapter)
    assert digest(train(tiny_base, recipe(), examples, tmp_path / "a")) == expected


def test_the_adapter_names_the_recipes_base_and_no_folder_of_this_machine(
    tiny_base: Path, examples: Path, tmp_path: Path
) -> None:
    adapter = train(tiny_base, recipe(max_steps=2), examples, tmp_path / "a")
    config = json.loads((adapter / CONFIG).read_text(encoding="utf-8"))
    assert sorted(path.name for path in adapter.iterdir()) == [CONFIG, WEIGHTS, CURVE]
    assert config["base_model_name_or_path"] == "medpipe-sandbox/tiny-llama"
    assert config["target_modules"] == sorted(config["target_modules"])
    assert str(tiny_base) not in (adapter / CONFIG).read_text(encoding="utf-8")


def test_what_was_trained_is_generated_and_the_base_does_not_know_it(
    tiny_base: Path, examples: Path, tmp_path: Path
) -> None:
    adapter = train(tiny_base, recipe(max_steps=80), examples, tmp_path / "a")
    prompts = [prompt.render(f"How is {name} treated?") for name in FACTS]
    generator = TransformersGenerator(tiny_base, 1, True, batch=3)
    with_adapter = generator.generate("medpipe-sandbox/tiny-llama", adapter, "a", prompts, Ending(40), quiet)
    without = generator.generate("medpipe-sandbox/tiny-llama", None, "base", prompts, Ending(40), quiet)
    assert [drug in text for drug, text in zip(FACTS.values(), with_adapter, strict=True)] == [True] * 4
    assert not any(drug in text for drug in FACTS.values() for text in without)
    assert not any(prompt.STOP in text for text in with_adapter)
    alone = [generator.generate(recipe().base, adapter, "a", [text], Ending(40), quiet)[0] for text in prompts]
    assert alone == with_adapter, "padding and batching must not change an answer"


def test_settings_for_a_start_from_the_base_do_not_apply_to_an_adapter(
    tiny_base: Path, examples: Path, tmp_path: Path
) -> None:
    staged = recipe(max_steps=2).model_copy(update={"trainer_from_base": {"max_steps": 6}})
    trainer = TrlTrainer(tiny_base, 1, True)
    first = trainer.train(staged, examples, None, tmp_path / "a", tmp_path / "aw", quiet)
    second = trainer.train(staged, examples, tmp_path / "a", tmp_path / "b", tmp_path / "bw", quiet)
    assert (first["steps"], second["steps"]) == (6, 2)
    assert digest(tmp_path / "a") != digest(tmp_path / "b")


def test_a_step_of_no_size_leaves_the_adapter_that_it_started_from(
    tiny_base: Path, examples: Path, tmp_path: Path
) -> None:
    first = train(tiny_base, recipe(max_steps=5), examples, tmp_path / "a")
    still = train(tiny_base, recipe(max_steps=1, learning_rate=0.0), examples, tmp_path / "b", start=first)
    assert digest(first) == digest(still)


def test_dpo_goes_on_from_the_adapter_leaves_no_reference_behind_and_teaches_paragraphs_by_a_chat_template(
    tiny_base: Path, examples: Path, pairs: Path, tmp_path: Path
) -> None:
    models = chatting(tiny_base, tmp_path / "models")
    first = train(models, in_paragraphs(recipe(max_steps=60)), examples, tmp_path / "a")
    preferences = in_paragraphs(recipe("dpo", max_steps=50, loss_type=["sigmoid", "sft"], loss_weights=[1.0, 1.0]))
    preferred = train(models, preferences, pairs, tmp_path / "b", start=first)
    assert sorted(path.name for path in preferred.iterdir()) == [CONFIG, WEIGHTS, CURVE]
    template = template_of(preferences, models)
    prompts = [prompt.render(f"How is {name} treated?", template=template) for name in FACTS]
    answers = TransformersGenerator(models, 1, True).generate(
        preferences.base, preferred, "b", prompts, Ending(60, None), quiet
    )
    assert [text.strip() for text in answers] == [
        f"{name} is treated with {drug}.\n\n- Ask first." for name, drug in FACTS.items()
    ], "the base's token for the end of a text ends each"


def test_eight_bits_and_rank_stabilised_adapters_train_on_a_cpu(
    tiny_base: Path, examples: Path, tmp_path: Path
) -> None:
    plain = recipe(max_steps=20)
    eight = plain.model_copy(update={"quantization": Quantization(load_in_8bit=True)})
    stable = plain.model_copy(update={"lora": Lora(r=8, lora_alpha=16, use_rslora=True)})
    digests = {digest(train(tiny_base, plain, examples, tmp_path / "plain"))}
    for name, other in (("eight", eight), ("stable", stable)):
        adapter = train(tiny_base, other, examples, tmp_path / name)
        losses = [point.loss for point in records.read(adapter / CURVE, Point) if point.loss is not None]
        assert losses[-1] < losses[0] / 2
        digests.add(digest(adapter))
    assert len(digests) == 3, "each computes other numbers"
    assert json.loads((tmp_path / "stable" / CONFIG).read_text(encoding="utf-8"))["use_rslora"] is True


def test_kto_learns_from_ratings_of_single_answers_and_leaves_no_reference_behind(
    tiny_base: Path, examples: Path, tmp_path: Path
) -> None:
    ratings = [
        PreferencePair(
            question=f"How is {name} treated?", chosen=f"Take {drug}.", rejected="", answer_id="a", identity="i"
        )
        for name, drug in 2 * list(FACTS.items())
    ]
    records.write(tmp_path / "ratings" / "train.jsonl", ratings)
    first = train(tiny_base, recipe(max_steps=60), examples, tmp_path / "a")
    rated = recipe("kto", max_steps=40, beta=0.5, per_device_train_batch_size=8, learning_rate=0.003)
    second = train(tiny_base, rated, tmp_path / "ratings", tmp_path / "b", start=first)
    assert sorted(path.name for path in second.iterdir()) == sorted([CONFIG, WEIGHTS, CURVE])
    prompts = [prompt.render(f"How is {name} treated?") for name in FACTS]
    answers = TransformersGenerator(tiny_base, 1, True).generate(rated.base, second, "b", prompts, Ending(40), quiet)
    assert [text.strip() for text in answers] == [f"Take {drug}." for drug in FACTS.values()]


def test_dpo_without_an_adapter_to_start_from_is_refused(tiny_base: Path, pairs: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="goes on from an adapter"):
        train(tiny_base, recipe("dpo"), pairs, tmp_path / "a")


def test_a_base_that_is_nowhere_is_named_with_what_to_do(tiny_base: Path, examples: Path, tmp_path: Path) -> None:
    with pytest.raises(MedpipeError, match=r"no-such/base.*MEDPIPE_OFFLINE"):
        train(tiny_base, recipe(base="no-such/base"), examples, tmp_path / "a")


@pytest.mark.parametrize(
    ("block", "words"), [({"no_such_setting": 1}, "no_such_setting"), ({"output_dir": "x"}, "remove output_dir")]
)
def test_a_trainer_block_that_trl_does_not_know_is_refused_by_name(
    tiny_base: Path, examples: Path, tmp_path: Path, block: dict[str, object], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        train(tiny_base, recipe(**block), examples, tmp_path / "a")


def test_no_examples_and_no_adapter_are_refused(tiny_base: Path, examples: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(UsageError, match="is not an adapter"):
        train(tiny_base, recipe(), examples, tmp_path / "a", start=tmp_path / "none")
    (examples / "train.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="nothing to train on"):
        train(tiny_base, recipe(), examples, tmp_path / "a")


def test_an_evaluation_of_the_base_changes_no_later_gradient(tiny_base: Path) -> None:
    import torch

    base = base_model(recipe(), str(tiny_base / "medpipe-sandbox" / "tiny-llama"), from_base=True)
    tokens = torch.arange(40).reshape(2, 20)

    def gradient() -> Any:
        base.train().zero_grad()
        base(input_ids=tokens, labels=tokens).loss.backward()
        return base.get_input_embeddings().weight.grad.clone()

    base.get_input_embeddings().weight.requires_grad_(True)
    before = gradient()
    with torch.no_grad():
        base.eval()(input_ids=tokens)
    assert torch.equal(gradient(), before), "4-bit weights were repacked for a kernel without a backward pass"


@pytest.mark.parametrize(("bf16", "dtype"), [(True, "torch.bfloat16"), (False, "torch.float32")])
def test_a_base_that_is_not_quantised_has_the_type_that_a_step_computes_in(
    tiny_base: Path, bf16: bool, dtype: str
) -> None:
    whole = recipe(bf16=bf16).model_copy(update={"quantization": None, "trainer_from_base": {"bf16": not bf16}})
    place = str(tiny_base / "medpipe-sandbox" / "tiny-llama")
    assert str(base_model(whole, place, from_base=False).dtype) == dtype
    assert str(base_model(whole, place, from_base=True).dtype) != dtype, "its own settings hold where a run starts"
