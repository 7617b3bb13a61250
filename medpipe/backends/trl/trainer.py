"""Training with TRL: QLoRA supervised fine-tuning (arXiv:2305.14314), DPO (arXiv:2305.18290), KTO (arXiv:2402.01306).

A recipe's `trainer` block goes to TRL's configuration unchanged. The same recipe, data and starting adapter give the
same weights, byte for byte, even when the run is killed on the way and started again.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from medpipe.backends.trl import base_shape, divergence, penalties, settings
from medpipe.backends.trl.rows import Row, cut, parted, rows_of
from medpipe.base_models import locate
from medpipe.chat_templates import template_of
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import UsageError
from medpipe.ports import Progress

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
_WHOLE = "whole.json"
"""The last file of a checkpoint: the sizes of the others. Without it, or with other sizes, a checkpoint is torn."""


class TrlTrainer:
    """Implements `ports.Trainer`: trains LoRA adapters on the GPU of this machine, or on its CPU without one."""

    def __init__(self, models: Path, threads: int = 1, offline: bool = True) -> None:
        """Prepare; nothing is loaded yet.

        `models`: folder of local bases. `threads`: torch's CPU threads. `offline`: never look a base up on a hub.
        """
        self._models, self._threads, self._offline = models, threads, offline

    def train(
        self, recipe: Recipe, data: Path, start_from: Path | None, out: Path, work: Path, progress: Progress
    ) -> Mapping[str, float]:
        """Train as `ports.Trainer` says.

        The metrics are `loss` (mean over the steps), `steps`, `examples`, `cut` (those longer than `max_length`) and
        `seconds` (of this run alone, where it goes on from a checkpoint). Raises ConfigError for a recipe that TRL
        refuses, that does not fit its base or the length of its data, whose base cannot be loaded, or whose training
        diverged (all but the last before the weights are loaded), UsageError for a `start_from` that is missing or is
        not an adapter, DataError for an empty `train.jsonl`.
        """
        import torch
        from transformers import set_seed

        began = time.monotonic()
        place = locate(recipe.base, self._models, self._offline)
        rows = rows_of(recipe, data / "train.jsonl", template_of(recipe, self._models))
        torch.set_num_threads(self._threads)
        set_seed(recipe.seed)
        work.mkdir(parents=True, exist_ok=True)
        checkpoint = last_whole_checkpoint(work)
        arguments = settings.configuration(recipe, start_from is None, work)
        _refuse_start(recipe, start_from)
        shape = base_shape.shape_of(recipe, place)
        base_shape.refuse_unfit(recipe, arguments.max_length, shape)
        tokenizer = _tokenizer(place)
        over = cut(recipe, rows, tokenizer, arguments.max_length)
        rows, older = parted(recipe, data / "train.jsonl", rows)
        model = _peft_model(recipe, place, start_from)
        # TRL casts adapters to bf16 when it starts. That rounds the weights of `start_from`, and a resumed run, which
        # loads fp32, would then differ from an uninterrupted one. So the exact weights are put back.
        exact = {name: value.detach().float().clone() for name, value in _trained(model)}
        trainer = _trainer(recipe, arguments, model, tokenizer, rows, progress)
        for name, value in _trained(trainer.model):
            value.data = exact[name]
        if recipe.penalty:
            penalties.add(trainer, recipe.penalty, older)
        result = trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
        divergence.refuse(recipe, trainer.state.log_history, shape.guessing)
        _save(trainer.model, recipe, out)
        return {
            "loss": float(result.training_loss),
            "steps": float(result.global_step),
            "examples": float(len(rows)),
            "cut": float(over),
            "seconds": round(time.monotonic() - began, 1),
        }


def _refuse_start(recipe: Recipe, start_from: Path | None) -> None:
    """Raise UsageError for an adapter to start from that is missing, or is none."""
    if start_from is None:
        if recipe.continues:
            raise UsageError(f"recipe {recipe.name!r} {recipe.continues}: name one")
        return
    for name in (WEIGHTS, CONFIG):
        if not (start_from / name).is_file():
            raise UsageError(f"start_from {start_from.name!r} is not an adapter: it has no {name}")


def _tokenizer(place: str) -> Any:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(place)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def _peft_model(recipe: Recipe, place: str, start_from: Path | None) -> Any:
    from peft import LoraConfig, PeftModel, get_peft_model

    model = _base(recipe, place, start_from is None)
    if start_from is None:
        return get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **recipe.lora.model_dump()))
    return PeftModel.from_pretrained(model, str(start_from), is_trainable=True)


def _base(recipe: Recipe, place: str, from_base: bool) -> Any:
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    block = recipe.quantization
    dtype = getattr(torch, _precision(recipe, from_base))
    config = BitsAndBytesConfig(**block.model_dump()) if block else None
    devices = {"": 0} if torch.cuda.is_available() else {"": "cpu"}
    try:
        model = AutoModelForCausalLM.from_pretrained(place, quantization_config=config, dtype=dtype, device_map=devices)
    except OSError as error:
        raise base_shape.unreadable(recipe, place, error) from error
    model.config.use_cache = False
    _keep_unpacked(model)
    return model


def _keep_unpacked(model: Any) -> None:
    """Forbid bitsandbytes to repack 4-bit weights for its CPU kernel, which has no backward pass.

    On processors with AVX512-BF16 the first forward pass in evaluation mode repacks them, and DPO makes one for the log
    probabilities of its reference. No gradient reached the layers below a repacked one from then on, without an error.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False


def _precision(recipe: Recipe, from_base: bool) -> str:
    """Return the type of the base's weights that are not quantised, which no training changes.

    A step under `bf16` computes with bf16 copies of them. Loaded as bf16 they take half the memory and no copying.
    """
    if recipe.quantization:
        return recipe.quantization.bnb_4bit_compute_dtype
    return "bfloat16" if settings.settings_of(recipe, from_base).get("bf16") else "float32"


def _trained(model: Any) -> list[tuple[str, Any]]:
    """Return the parameters that training changes, by name."""
    return [(name, value) for name, value in model.named_parameters() if value.requires_grad]


def _trainer(
    recipe: Recipe,
    arguments: Any,
    model: Any,
    tokenizer: Any,
    rows: list[Row],
    progress: Progress,
) -> Any:
    """Return the trainer of TRL for the recipe's method."""
    from datasets import Dataset, disable_progress_bars
    from transformers import PrinterCallback
    from transformers.utils import logging
    from trl import DPOTrainer, KTOTrainer, SFTTrainer

    disable_progress_bars()
    logging.disable_progress_bar()
    trainer = {"sft": SFTTrainer, "dpo": DPOTrainer, "kto": KTOTrainer}[recipe.method](
        model=model,
        args=arguments,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        callbacks=_callbacks(recipe.name, progress),
    )
    trainer.remove_callback(PrinterCallback)  # it prints on standard output, which carries refs only
    return trainer


def _callbacks(name: str, progress: Progress) -> list[Any]:
    from transformers import TrainerCallback

    class Watch(TrainerCallback):
        """Reports progress, and marks each checkpoint as whole after its last file."""

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            step, last = state.global_step, state.max_steps
            if step % max(1, last // 20) == 0:
                progress(step / last, f"{name}: step {step} of {last}")

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
            if logs and "loss" in logs:
                progress(state.global_step / state.max_steps, f"{name}: loss {float(logs['loss']):.4f}")
                divergence.stop(name, state.global_step, logs, args.fp16)

        def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            mark_whole(Path(args.output_dir) / f"checkpoint-{state.global_step}")

    return [Watch()]


def mark_whole(checkpoint: Path) -> None:
    """Record the sizes of a checkpoint's files in a file that is written last."""
    draft = checkpoint / f".{_WHOLE}"
    draft.write_text(json.dumps(_sizes(checkpoint)), encoding="utf-8")
    draft.rename(checkpoint / _WHOLE)


def last_whole_checkpoint(work: Path) -> Path | None:
    """Return the newest whole checkpoint; None without one. Removes newer, torn ones: no run may resume from them."""
    newest_first = sorted(work.glob("checkpoint-*"), key=lambda folder: -int(folder.name.rpartition("-")[2]))
    for checkpoint in newest_first:
        marker = checkpoint / _WHOLE
        if marker.is_file() and json.loads(marker.read_text(encoding="utf-8")) == _sizes(checkpoint):
            return checkpoint
        shutil.rmtree(checkpoint)
    return None


def _sizes(folder: Path) -> dict[str, int]:
    """Return path → bytes of a checkpoint's files, without the marker."""
    files: Iterable[Path] = (path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): path.stat().st_size
        for path in sorted(files)
        if path.name not in (_WHOLE, f".{_WHOLE}")
    }


def _save(model: Any, recipe: Recipe, out: Path) -> None:
    """Write the trained adapter without the frozen reference of DPO and KTO, in the same bytes for equal runs."""
    out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(str(out), selected_adapters=["default"])
    for extra in out.iterdir():
        if extra.name not in (WEIGHTS, CONFIG):
            shutil.rmtree(extra) if extra.is_dir() else extra.unlink()
    config = json.loads((out / CONFIG).read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = recipe.base
    # peft writes sets as lists, in no fixed order.
    ordered = {key: sorted(value) if isinstance(value, list) else value for key, value in config.items()}
    (out / CONFIG).write_text(json.dumps(ordered, indent=1, sort_keys=True) + "\n", encoding="utf-8")
