"""What watches a training from step to step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from medpipe.backends.trl import divergence
from medpipe.backends.trl.checkpoints import mark_whole
from medpipe.core.teaching.recipe import Recipe
from medpipe.ports import Progress


def callbacks(recipe: Recipe, progress: Progress) -> list[Any]:
    """Return the callbacks of transformers' Trainer for a training."""
    from torch import distributed
    from transformers import EarlyStoppingCallback, TrainerCallback

    name = recipe.name

    class Watch(TrainerCallback):
        """Reports progress, and marks each checkpoint as whole after its last file."""

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            step, last = state.global_step, state.max_steps
            if step % max(1, last // 20) == 0:
                progress(step / last, f"{name}: step {step} of {last}")

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
            if logs and "eval_loss" in logs:
                progress(state.global_step / state.max_steps, f"{name}: validation loss {float(logs['eval_loss']):.4f}")
            if logs and "loss" in logs:
                progress(state.global_step / state.max_steps, f"{name}: loss {float(logs['loss']):.4f}")
                divergence.stop(name, state.global_step, logs, args.fp16)

        def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if control.should_training_stop and state.global_step < state.max_steps:
                return  # stopped early: a run that went on from here would take steps that this one does not take
            if args.world_size > 1:
                distributed.barrier()  # each process writes the state of its random numbers
            if args.should_save:
                mark_whole(Path(args.output_dir) / f"checkpoint-{state.global_step}")

    patience = recipe.early_stopping_patience
    return [Watch(), *([EarlyStoppingCallback(patience)] if patience else [])]
