"""The training of adapters and of whole models."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from medpipe.core.teaching.recipe import Recipe
from medpipe.ports.progress import Progress


class Trainer(Protocol):
    """Trains LoRA adapters, or every weight of a base."""

    def train(
        self, recipe: Recipe, data: Path, start_from: Path | None, out: Path, work: Path, progress: Progress
    ) -> Mapping[str, float]:
        """Train into `out` and return metrics.

        `out` then has curve.jsonl, and an adapter (adapter_model.safetensors, adapter_config.json) or, for a recipe
        without `lora`, a whole model with its tokenizer (model.safetensors, config.json, …). `data`: folder with
        `train.jsonl`; Examples for SFT, PreferencePairs for DPO. On examples for validation the loss is measured only.
        `start_from`: folder of the adapter or model to go on from; DPO uses it as the reference too. `work`: folder for
        checkpoints; a killed run that is started again with the same `work` ends in the same weights.
        """
