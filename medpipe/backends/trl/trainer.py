"""Training with TRL, of QLoRA adapters (arXiv:2305.14314) or whole models: SFT, DPO (2305.18290), KTO (2402.01306).

A recipe's `trainer` block goes to TRL's configuration unchanged. The same recipe, data and starting adapter give the
same weights, byte for byte, even when the run is killed on the way and started again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from medpipe import records
from medpipe.backends.trl import (
    adapter_files,
    attention,
    base_shape,
    divergence,
    loading,
    penalties,
    settings,
    sharding,
    tokens,
    whole,
)
from medpipe.backends.trl.checkpoints import last_whole_checkpoint
from medpipe.backends.trl.rows import Rows, parted, rows_of
from medpipe.backends.trl.sets import sets_of
from medpipe.backends.trl.watch import callbacks
from medpipe.base_models import Prepared, locate, nowhere
from medpipe.chat_templates import template_of
from medpipe.core.teaching.curve import CURVE, points
from medpipe.core.teaching.recipe import Recipe
from medpipe.ports import Progress
from medpipe.weights.tokenizer import padding_tokenizer


class TrlTrainer:
    """Implements `ports.Trainer`, on the GPU of this machine, or on its CPU without one."""

    def __init__(
        self,
        models: Path,
        threads: int = 1,
        offline: bool = True,
        prepared: Prepared = nowhere,
        processes: int = 1,
        sharded: bool = False,
    ) -> None:
        """Prepare; nothing is loaded yet.

        `models`: folder of local bases. `threads`: torch's CPU threads. `offline`: never look a base up on a hub.
        `prepared`: returns the folder of a prepared base. `processes`: how many train together; each of them calls
        `train` (`ranks.Ranks` starts them), and the first one writes. `sharded`: whether each has only a part of the
        weights (`sharding`).
        """
        self._models, self._threads, self._offline, self._prepared = models, threads, offline, prepared
        self._processes, self._sharded = processes, sharded

    def train(
        self, recipe: Recipe, data: Path, start_from: Path | None, out: Path, work: Path, progress: Progress
    ) -> Mapping[str, float]:
        """Train as `ports.Trainer` says.

        The metrics are `loss` (mean over the steps), `steps`, `examples`, `validation` (rows that are not taught, where
        there are any), `cut` and `dropped` (rows longer than `max_length`, see `tokens.Lost`) and `seconds` (of this
        run alone, where it goes on from a checkpoint). Raises ConfigError for a recipe that TRL refuses, that does not
        fit its base, this machine or the length of its data, whose base cannot be loaded, or whose training diverged
        (all but the last before the weights are loaded), UsageError for a `start_from` that is missing or is not an
        adapter, DataError for a `train.jsonl` without rows to teach, or without the rows for validation that the
        recipe asks for.
        """
        import torch
        from transformers import set_seed

        began = time.monotonic()
        place = locate(recipe.base, self._models, self._offline, self._prepared)
        arguments = settings.configuration(recipe, start_from is None, work, self._processes, self._sharded)
        rows = rows_of(recipe, data / "train.jsonl", template_of(recipe, self._models, self._prepared))
        torch.set_num_threads(self._threads)
        set_seed(recipe.seed)
        work.mkdir(parents=True, exist_ok=True)
        checkpoint = last_whole_checkpoint(work)
        loading.refuse_start(recipe, start_from)
        attention.refuse_missing(recipe, arguments)
        shape = base_shape.shape_of(recipe, place)
        base_shape.refuse_unfit(recipe, arguments.max_length, shape)
        tokenizer = padding_tokenizer(place)
        read = tokens.tokenised(recipe, rows, tokenizer)
        lost = tokens.lost(recipe, read, arguments.max_length)
        taught, older = parted(recipe, data / "train.jsonl", read)
        model = (
            loading.peft_model(recipe, place, start_from, self._sharded)
            if recipe.lora
            else whole.load(recipe, place, start_from)
        )
        # TRL casts adapters to bf16 when it starts. That rounds the weights of `start_from`, and a resumed run, which
        # loads fp32, would then differ from an uninterrupted one. So the exact weights are put back.
        exact = {name: value.detach().float().clone() for name, value in _trained(model)} if recipe.lora else {}
        max_length = arguments.max_length
        trainer = _trainer(recipe, arguments, model, tokenizer, sets_of(recipe, arguments, rows, taught), progress)
        for name, value in _trained(trainer.model):
            value.data = exact.get(name, value.data)
        if recipe.penalty:
            penalties.add(trainer, recipe.penalty, older, max_length)
        result = trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
        divergence.refuse(recipe, trainer.state.log_history, shape.guessing)
        trained = sharding.gathered(trainer.model) if self._sharded else None
        if arguments.should_save:  # the first of the processes that train together
            if recipe.lora:
                adapter_files.save(trainer.model, recipe, out, trained)
            else:
                whole.save(trainer.model, place, out)
            records.write(out / CURVE, points(trainer.state.log_history))
        return {
            "loss": float(result.training_loss),
            "steps": float(result.global_step),
            "examples": float(len(taught.taught)),
            **({"validation": float(len(rows.validation))} if rows.validation else {}),
            "cut": float(lost.cut),
            "dropped": float(lost.dropped),
            "seconds": round(time.monotonic() - began, 1),
        }


def _trained(model: Any) -> list[tuple[str, Any]]:
    """Return the parameters that training changes, by name."""
    return [(name, value) for name, value in model.named_parameters() if value.requires_grad]


def _trainer(
    recipe: Recipe,
    arguments: Any,
    model: Any,
    tokenizer: Any,
    sets: Rows[Any],
    progress: Progress,
) -> Any:
    """Return the trainer of TRL for the recipe's method. `sets`: its datasets."""
    from datasets import disable_progress_bars
    from transformers import PrinterCallback
    from transformers.utils import logging
    from trl import DPOTrainer, KTOTrainer, SFTTrainer

    disable_progress_bars()
    logging.disable_progress_bar()
    trainer = {"sft": SFTTrainer, "dpo": DPOTrainer, "kto": KTOTrainer}[recipe.method](
        model=model,
        args=arguments,
        train_dataset=sets.taught,
        eval_dataset=sets.validation if len(sets.validation) else None,
        processing_class=tokenizer,
        callbacks=callbacks(recipe, progress),
    )
    trainer.remove_callback(PrinterCallback)  # it prints on standard output, which carries refs only
    return trainer
