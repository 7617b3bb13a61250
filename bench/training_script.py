"""A plain script that trains as TRL's documentation shows for QLoRA: `python -m bench.training_script ARM HOME`.

`plain` leaves to TRL what the documentation leaves to it, which is made for GPUs: steps in bf16 and checkpointed
activations. `careful` is the same script by somebody who knows what a CPU needs: float32, and activations kept. What
decides the result is as in the recipe: rows, seed, rank, learning rate and its schedule, and eight rows a step.
Documentation: https://huggingface.co/docs/trl/peft_integration. Files in HOME: `rows.jsonl`, `recipe.json`, `base` (the
folder's path); `out/ARM` is written.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROWS_A_STEP = 4
ARMS = {
    "plain": {},
    "careful": {"bf16": False, "gradient_checkpointing": False},
}
"""Arm → settings that differ from TRL's own."""
KEPT = (
    "num_train_epochs",
    "max_steps",
    "learning_rate",
    "lr_scheduler_type",
    "warmup_steps",
    "max_length",
    "completion_only_loss",
)
"""Settings of the recipe that decide what is learned."""


def main(arm: str, home: str) -> None:
    """Train, and save the adapter."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
    from trl import SFTConfig, SFTTrainer

    folder = Path(home)
    recipe = json.loads((folder / "recipe.json").read_text(encoding="utf-8"))
    base = (folder / "base").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in (folder / "rows.jsonl").read_text(encoding="utf-8").splitlines()]
    computed = torch.float32 if arm == "careful" else torch.bfloat16
    model = AutoModelForCausalLM.from_pretrained(
        base,
        quantization_config=BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=computed,
        ),
        dtype=computed,
    )
    settings: dict[str, Any] = {name: recipe["trainer"][name] for name in KEPT} | ARMS[arm]
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(
            output_dir=str(folder / "work" / arm),
            per_device_train_batch_size=ROWS_A_STEP,
            seed=recipe["seed"],
            use_cpu=True,
            disable_tqdm=True,
            report_to="none",
            logging_steps=1,
            **settings,
        ),
        train_dataset=Dataset.from_list(rows),
        processing_class=AutoTokenizer.from_pretrained(base),
        peft_config=LoraConfig(task_type="CAUSAL_LM", **recipe["lora"]),
        callbacks=[_watch()],
    )
    trainer.train()
    trainer.save_model(str(folder / "out" / arm))


def _watch() -> Any:
    """Return a callback that says each step, as medpipe does, so that both are timed in one way."""
    from transformers import TrainerCallback

    class Watch(TrainerCallback):
        """Writes a line after each step."""

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            print(f"step {state.global_step} of {state.max_steps}", file=sys.stderr, flush=True)

    return Watch()


if __name__ == "__main__":
    main(*sys.argv[1:])
