"""Full fine-tuning: every weight of the base is trained, in float32, and the result is a whole model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from medpipe.backends.trl import attention, base_shape
from medpipe.base_models import pretrained
from medpipe.core.teaching.recipe import Recipe
from medpipe.weights import whole as folders
from medpipe.weights.device import device_map
from medpipe.weights.tokenizer import own_tokenizer

FILES = (folders.CONFIG,)
"""What a whole model to start from must have; its weights can be in several files."""


def load(recipe: Recipe, place: str, start_from: Path | None) -> Any:
    """Return the model to train: the base in `place`, or the whole model in `start_from`. Raises ConfigError.

    The weights are in float32 also where steps compute in bf16: small steps are lost in bf16.
    """
    import torch
    from transformers import AutoModelForCausalLM

    source = place if start_from is None else str(start_from)
    try:
        model = AutoModelForCausalLM.from_pretrained(
            **pretrained(source),
            dtype=torch.float32,
            device_map=device_map(),
            **attention.named(recipe),
        )
    except OSError as error:
        raise base_shape.unreadable(recipe, source, error) from error
    model.config.use_cache = False
    return model


def save(model: Any, place: str, out: Path) -> None:
    """Write the trained model with the base's own tokenizer."""
    model.config.use_cache = True  # training needs none, and generation is slow without
    folders.write(model, own_tokenizer(place), out)
