"""What watches a training from step to step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from medpipe.backends.trl import divergence
from medpipe.backends.trl.checkpoints import mark_whole
from medpipe.ports import Progress


def callbacks(name: str, progress: Progress) -> list[Any]:
    """Return the callbacks of transformers' Trainer for the training of the recipe `name`."""
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
