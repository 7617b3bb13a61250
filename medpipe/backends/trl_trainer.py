"""`ports.Trainer` on TRL: QLoRA supervised fine-tuning (arXiv:2305.14314) and DPO (arXiv:2305.18290).

A recipe's `trainer` block goes to SFTConfig or DPOConfig as it is. Equal recipe, data and start give equal
weights, byte for byte, whether or not the run was killed and started again on the way.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from medpipe import records
from medpipe.base_models import locate
from medpipe.core import prompt
from medpipe.core.teaching.example import Example, PreferencePair
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import MedpipeError
from medpipe.ports import Progress

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
_WHOLE = "whole.json"
"""Written last into a checkpoint: the sizes of its files. A checkpoint without it, or unlike it, is torn."""


class TrlTrainer:
    """Trains LoRA adapters on this machine: on its GPU if there is one, else on `threads` CPU threads."""

    def __init__(self, models: Path, threads: int = 1, offline: bool = True) -> None:
        self._models, self._threads, self._offline = models, threads, offline

    def train(
        self, recipe: Recipe, data: Path, start_from: Path | None, out: Path, work: Path, progress: Progress
    ) -> Mapping[str, float]:
        """See `ports.Trainer`. Metrics: `loss`, `steps`, `examples`, `seconds` (of this run)."""
        import torch
        from transformers import set_seed

        began = time.monotonic()
        rows = _rows(recipe, data / "train.jsonl")
        torch.set_num_threads(self._threads)
        set_seed(recipe.seed)
        work.mkdir(parents=True, exist_ok=True)
        checkpoint = last_whole_checkpoint(work)
        settings = recipe.trainer | (recipe.trainer_from_base if start_from is None else {})
        model = self._peft_model(recipe, start_from)
        # TRL rounds adapters to bf16 as it starts, which would lose some of the adapter that we go on from,
        # and a resumed run loads fp32: without putting the exact weights back the two would differ.
        exact = {name: value.detach().float().clone() for name, value in _trained(model)}
        trainer = _trainer(recipe, settings, model, self._tokenizer(recipe), rows, work, progress)
        for name, value in _trained(trainer.model):
            value.data = exact[name]
        result = trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
        _save(trainer.model, recipe, out)
        return {
            "loss": float(result.training_loss),
            "steps": float(result.global_step),
            "examples": float(len(rows)),
            "seconds": round(time.monotonic() - began, 1),
        }

    def _tokenizer(self, recipe: Recipe) -> Any:
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(locate(recipe.base, self._models, self._offline))
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        return tokenizer

    def _peft_model(self, recipe: Recipe, start_from: Path | None) -> Any:
        from peft import LoraConfig, PeftModel, get_peft_model

        model = _base(recipe, locate(recipe.base, self._models, self._offline))
        if start_from is None:
            if recipe.method == "dpo":
                raise MedpipeError(f"recipe {recipe.name!r} is DPO, which goes on from an adapter: name one")
            return get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **recipe.lora.model_dump()))
        for name in (WEIGHTS, CONFIG):
            if not (start_from / name).is_file():
                raise MedpipeError(f"start_from {start_from.name!r} is no adapter: it has no {name}")
        return PeftModel.from_pretrained(model, str(start_from), is_trainable=True)


def _base(recipe: Recipe, place: str) -> Any:
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    block = recipe.quantization
    dtype = getattr(torch, block.bnb_4bit_compute_dtype) if block else torch.float32
    config = BitsAndBytesConfig(**block.model_dump()) if block else None
    devices = {"": 0} if torch.cuda.is_available() else {"": "cpu"}
    try:
        model = AutoModelForCausalLM.from_pretrained(place, quantization_config=config, dtype=dtype, device_map=devices)
    except OSError as error:
        raise MedpipeError(f"base model {recipe.base!r} could not be loaded: {error}") from error
    model.config.use_cache = False
    return model


def _trained(model: Any) -> list[tuple[str, Any]]:
    """The parameters that training changes, by name."""
    return [(name, value) for name, value in model.named_parameters() if value.requires_grad]


def _rows(recipe: Recipe, file: Path) -> list[dict[str, str]]:
    """What TRL reads: prompt and completion, or prompt, chosen and rejected."""
    if recipe.method == "dpo":
        found = [
            {
                "prompt": prompt.render(pair.question),
                "chosen": prompt.completion(pair.chosen),
                "rejected": prompt.completion(pair.rejected),
            }
            for pair in records.read(file, PreferencePair)
        ]
    else:
        found = [
            {
                "prompt": prompt.render(example.question, example.context),
                "completion": prompt.completion(example.answer),
            }
            for example in records.read(file, Example)
        ]
    if not found:
        raise MedpipeError(f"{file.name} is empty: nothing to train on; look at the drops in the data's card")
    return found


def _trainer(
    recipe: Recipe,
    settings: Mapping[str, Any],
    model: Any,
    tokenizer: Any,
    rows: list[dict[str, str]],
    work: Path,
    progress: Progress,
) -> Any:
    import torch
    from datasets import Dataset, disable_progress_bars
    from transformers import PrinterCallback
    from transformers.utils import logging
    from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

    disable_progress_bars()
    logging.disable_progress_bar()
    kind, config = (DPOTrainer, DPOConfig) if recipe.method == "dpo" else (SFTTrainer, SFTConfig)
    added: dict[str, Any] = {"output_dir": str(work), "seed": recipe.seed, "report_to": "none", "disable_tqdm": True}
    if not torch.cuda.is_available():
        added["use_cpu"] = True
    clash = sorted(added.keys() & settings.keys())
    if clash:
        raise MedpipeError(
            f"recipe {recipe.name!r}: remove {', '.join(clash)} from `trainer`; "
            "the recipe's own fields and the run decide it"
        )
    try:
        arguments = config(**settings, **added)
    except (TypeError, ValueError) as error:
        raise MedpipeError(f"recipe {recipe.name!r}: {config.__name__} says: {error}") from error
    trainer = kind(
        model=model,
        args=arguments,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        callbacks=_callbacks(recipe.name, progress),
    )
    trainer.remove_callback(PrinterCallback)  # it prints on standard output, which is the verb's answer
    return trainer


def _callbacks(name: str, progress: Progress) -> list[Any]:
    from transformers import TrainerCallback

    class Watch(TrainerCallback):
        """Reports progress, and marks each checkpoint as whole once all of it is written."""

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            step, last = state.global_step, state.max_steps
            if step % max(1, last // 20) == 0:
                progress(step / last, f"{name}: step {step} of {last}")

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
            if logs and "loss" in logs:
                progress(state.global_step / state.max_steps, f"{name}: loss {float(logs['loss']):.4f}")

        def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            mark_whole(Path(args.output_dir) / f"checkpoint-{state.global_step}")

    return [Watch()]


def mark_whole(checkpoint: Path) -> None:
    """Record the sizes of a checkpoint's files, last of all."""
    draft = checkpoint / f".{_WHOLE}"
    draft.write_text(json.dumps(_sizes(checkpoint)), encoding="utf-8")
    draft.rename(checkpoint / _WHOLE)


def last_whole_checkpoint(work: Path) -> Path | None:
    """The newest checkpoint that was written whole. Torn ones are removed: nothing must resume from them."""
    found = sorted(work.glob("checkpoint-*"), key=lambda folder: -int(folder.name.rpartition("-")[2]))
    for checkpoint in found:
        marker = checkpoint / _WHOLE
        if marker.is_file() and json.loads(marker.read_text(encoding="utf-8")) == _sizes(checkpoint):
            return checkpoint
        shutil.rmtree(checkpoint)
    return None


def _sizes(folder: Path) -> dict[str, int]:
    files: Iterable[Path] = (path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): path.stat().st_size
        for path in sorted(files)
        if path.name not in (_WHOLE, f".{_WHOLE}")
    }


def _save(model: Any, recipe: Recipe, out: Path) -> None:
    """The trained adapter alone (DPO's frozen reference stays behind), in bytes that equal runs share."""
    out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(str(out), selected_adapters=["default"])
    for extra in out.iterdir():
        if extra.name not in (WEIGHTS, CONFIG):
            shutil.rmtree(extra) if extra.is_dir() else extra.unlink()
    config = json.loads((out / CONFIG).read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = recipe.base
    # peft writes sets, in no fixed order.
    steady = {key: sorted(value) if isinstance(value, list) else value for key, value in config.items()}
    (out / CONFIG).write_text(json.dumps(steady, indent=1, sort_keys=True) + "\n", encoding="utf-8")
