"""The training of adapters."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from medpipe.core.teaching.recipe import Recipe
from medpipe.ports.progress import Progress


class Trainer(Protocol):
    """Trains LoRA adapters."""

    def train(
        self, recipe: Recipe, data: Path, start_from: Path | None, out: Path, work: Path, progress: Progress
    ) -> Mapping[str, float]:
        """Train an adapter into `out` and return its metrics.

        `out` gets adapter_model.safetensors, adapter_config.json and curve.jsonl. `data`: folder with `train.jsonl`;
        Examples for SFT, PreferencePairs for DPO. On examples for validation the loss is measured only. `start_from`:
        folder of the adapter to go on from; DPO uses it as the reference too. `work`: folder for checkpoints; a killed
        run that is started again with the same `work` ends in the same weights.
        """
