"""One training of `bench.gpu_training`, in a process of its own: `python -m bench.gpu_arms ARM HOME SHAPE BEGAN`.

The arms learn the same rows from the same base, sixteen rows a step (the packed one: as many tokens). `plain` is the
QLoRA script of TRL's documentation; `padded` is the usual script before it: transformers' Trainer over rows that are
all padded to the greatest length. The other arms are medpipe's trainer with settings of a recipe.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import operator
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bench.gpu_shapes import SEED
from medpipe import configuration, records
from medpipe.backends.trl.checkpoints import last_whole_checkpoint
from medpipe.backends.trl.trainer import TrlTrainer
from medpipe.core import prompt
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.recipe import Recipe

_RECIPES = Path(__file__).resolve().parent.parent / "medpipe" / "recipes"
_WARM_UP = 4
"""Steps that are not measured: kernels are compiled and memory is found in them."""
_FEW_STEPS = 8
"""Steps of an arm whose steps are all alike, or that shows its memory in the first."""
_MEASURED = {"num_train_epochs": 1, "warmup_steps": _WARM_UP, "logging_steps": 1, "save_steps": 100_000}
_NARROW = {"per_device_train_batch_size": 8, "gradient_accumulation_steps": 2, "pad_to_multiple_of": None}
_WIDE = {**_NARROW, "per_device_train_batch_size": 16, "gradient_accumulation_steps": 1}

MEDPIPE: Mapping[str, Mapping[str, Any]] = {
    "medpipe": _NARROW,
    "multiple": {**_NARROW, "pad_to_multiple_of": 64},
    "wide": _WIDE,
    "grouped": {**_WIDE, "train_sampling_strategy": "group_by_length"},
    "packed": {**_NARROW, "packing": True, "per_device_train_batch_size": 4, "gradient_accumulation_steps": 1},
    "bf16": _WIDE,
    "unchecked": {**_WIDE, "gradient_checkpointing": False},
}
"""Arm → settings that differ from those of the recipe `real-mixed`. `bf16` does not quantise its base either."""
NAMES = ("plain", "padded", *MEDPIPE)
LABELS = {
    "plain": "TRL's own script, 8 rows twice a step",
    "padded": "transformers' Trainer, rows padded to 1,024 tokens (few steps, loss on all tokens)",
    "medpipe": "medpipe, 8 rows twice a step",
    "multiple": "the same, padded to multiples of 64",
    "wide": "medpipe, 16 rows at once",
    "grouped": "the same, grouped by length (other order of rows)",
    "packed": "medpipe, packed, 4 × 1,024 tokens (other steps)",
    "bf16": "medpipe, 16 rows at once, base in bf16",
    "unchecked": "medpipe, 16 rows at once, without gradient checkpointing",
}

Steps = list[tuple[float, Mapping[str, Any]]]
"""For each step: when it ended, and what was logged."""


def recipe(base: str, arm: str) -> Recipe:
    """Return `real-mixed` for another base, with an arm's settings."""
    shipped = configuration.load_named(_RECIPES, "real-mixed", "recipe", Recipe)
    changes: dict[str, Any] = {"base": base, "trainer": {**shipped.trainer, **_MEASURED, **MEDPIPE.get(arm, _NARROW)}}
    if arm == "bf16":
        changes["quantization"] = None
    return shipped.model_copy(update=changes)


def _medpipe(home: Path, wanted: Recipe) -> Steps:
    """Train as the verb does. TRL's log is read from the last checkpoint, and the time of each line on its way."""
    ends: list[float] = []

    def progress(share: float, text: str) -> None:
        if ": loss " in text:
            ends.append(time.time())

    work = home / "work"
    TrlTrainer(home / "models", 1, True).train(wanted, home / "data", None, home / "out", work, progress)
    checkpoint = last_whole_checkpoint(work)
    assert checkpoint is not None
    logged = json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))["log_history"]
    return list(zip(ends, (line for line in logged if "loss" in line), strict=True))


def _plain(home: Path, wanted: Recipe) -> Steps:
    """Train as https://huggingface.co/docs/trl/peft_integration shows for QLoRA."""
    from datasets import Dataset
    from transformers import AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    model = _quantised(home, wanted)
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(**_place(home), **wanted.trainer),
        train_dataset=Dataset.from_list(_rows(home)),
        processing_class=AutoTokenizer.from_pretrained(home / "models" / wanted.base),
        peft_config=_lora(wanted),
    )
    return _timed(trainer)


def _padded(home: Path, wanted: Recipe) -> Steps:
    """Train with transformers' Trainer over rows that are padded to `max_length` when they are tokenised."""
    from datasets import Dataset
    from peft import get_peft_model, prepare_model_for_kbit_training
    from transformers import AutoTokenizer, DataCollatorForLanguageModeling, Trainer, TrainingArguments

    tokenizer = AutoTokenizer.from_pretrained(home / "models" / wanted.base)
    settings = {key: value for key, value in wanted.trainer.items() if key in TrainingArguments.__dataclass_fields__}
    length = wanted.trainer["max_length"]

    def tokenised(row: Mapping[str, str]) -> Any:
        return tokenizer(row["prompt"] + row["completion"], truncation=True, max_length=length, padding="max_length")

    model = get_peft_model(prepare_model_for_kbit_training(_quantised(home, wanted)), _lora(wanted))
    trainer = Trainer(
        model=model,
        args=TrainingArguments(**_place(home), **settings | {"max_steps": _FEW_STEPS}),
        train_dataset=Dataset.from_list(_rows(home)).map(tokenised, remove_columns=["prompt", "completion"]),
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
    )
    return _timed(trainer)


def _place(home: Path) -> dict[str, Any]:
    """Return the settings that the recipe does not have."""
    import torch

    work = str(home / "work")
    return {"output_dir": work, "seed": SEED, "disable_tqdm": True, "use_cpu": not torch.cuda.is_available()}


def _quantised(home: Path, wanted: Recipe) -> Any:
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    assert wanted.quantization is not None
    return AutoModelForCausalLM.from_pretrained(
        home / "models" / wanted.base,
        quantization_config=BitsAndBytesConfig(**wanted.quantization.model_dump()),
        dtype=torch.bfloat16,
        device_map="auto",
    )


def _lora(wanted: Recipe) -> Any:
    from peft import LoraConfig

    return LoraConfig(task_type="CAUSAL_LM", **wanted.lora.model_dump())


def _rows(home: Path) -> list[dict[str, str]]:
    return [
        {"prompt": prompt.render(example.question), "completion": prompt.completion(example.answer)}
        for example in records.read(home / "data" / "train.jsonl", Example)
    ]


def _timed(trainer: Any) -> Steps:
    """Train, and return the steps."""
    from transformers import TrainerCallback

    steps: Steps = []

    class Watch(TrainerCallback):
        """Notes when each step was logged."""

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
            if "loss" in logs:
                steps.append((time.time(), dict(logs)))

    trainer.add_callback(Watch())
    trainer.train()
    return steps


def figures(steps: Steps, tokens: Sequence[int], began: float) -> dict[str, Any]:
    """Return speed, start-up and loss.

    `tokens`: tokens of each step that are not padding. `began`: when the process was started. The start-up ends with
    the first step. The loss is the mean over all steps, weighted by their tokens: each arm sees each row once.
    """
    ends = [end for end, _ in steps]
    losses = [float(line["loss"]) for _, line in steps]
    seconds = [after - before for before, after in itertools.pairwise(ends)]
    measured = range(_WARM_UP, len(steps))
    return {
        "steps": len(steps),
        "tokens_per_s": round(sum(tokens[step] for step in measured) / sum(seconds[step - 1] for step in measured), 1),
        "median_step_tokens_per_s": round(median(tokens[step] / seconds[step - 1] for step in measured), 1),
        "median_step_s": round(median(seconds[step - 1] for step in measured), 4),
        "start_up_s": round(ends[0] - began, 1),
        "loss": round(sum(map(operator.mul, losses, tokens)) / sum(tokens), 4),
        "losses": [round(loss, 4) for loss in losses],
    }


def _tokens(steps: Steps, home: Path, wanted: Recipe) -> list[int]:
    """Return the tokens of each step that are not padding: TRL's own count, or the mean of the rows."""
    if "num_tokens" in steps[0][1]:
        sums = [0, *(round(line["num_tokens"]) for _, line in steps)]
        return [after - before for before, after in itertools.pairwise(sums)]
    length = wanted.trainer["max_length"]
    rows = [len((row["prompt"] + row["completion"]).split()) for row in _rows(home)]
    a_step = wanted.trainer["per_device_train_batch_size"] * wanted.trainer["gradient_accumulation_steps"]
    return [round(sum(min(length, tokens) for tokens in rows) / len(rows) * a_step)] * len(steps)


def _memory() -> dict[str, float]:
    """Return the most GPU memory that the arm had, GiB: in tensors, in torch's cache, and with CUDA's own share."""
    import torch

    if not torch.cuda.is_available():
        return {}
    free, total = torch.cuda.mem_get_info()
    sizes = {
        "allocated_gib": torch.cuda.max_memory_allocated(),
        "reserved_gib": torch.cuda.max_memory_reserved(),
        "card_gib": total - free,
    }
    return {name: round(size / 2**30, 2) for name, size in sizes.items()}


def main(arm: str, home: str, shape: str, began: str) -> None:
    """Train one arm and print its figures."""
    wanted = recipe(shape, arm)
    run: Callable[[Path, Recipe], Steps] = {"plain": _plain, "padded": _padded}.get(arm, _medpipe)
    with contextlib.redirect_stdout(sys.stderr):
        steps = run(Path(home), wanted)
    print(json.dumps(figures(steps, _tokens(steps, Path(home), wanted), float(began)) | _memory()))


if __name__ == "__main__":
    main(*sys.argv[1:])
