"""A shipped recipe as it runs on the miniature of its base: with fewer steps, and numbers that a CPU has.

The miniature is computed from the recipe, so what it shows is true of the recipe: data, filters, template, LoRA,
quantisation, schedule, losses and benchmarks are the recipe's own.
"""

from __future__ import annotations

from typing import Any

from medpipe.core.teaching.recipe import Recipe
from medpipe.sandbox.miniature_bases import miniature_name

_TRAINER: dict[str, Any] = {
    "max_steps": 24,
    "learning_rate": 1.0e-2,
    "logging_steps": 4,
    "save_steps": 12,
    "bf16": False,
}
"""Settings that a miniature replaces: few and larger steps, and no bf16."""
_ROWS = {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 2}
"""The most rows of a step."""
_TOKENS = 24
"""The longest answer. A miniature seldom ends one by itself."""


def miniature(recipe: Recipe) -> Recipe:
    """Return the miniature of a recipe, under the recipe's name; its base is `miniature_name` of the recipe's."""
    rows = {name: min(most, recipe.trainer[name]) for name, most in _ROWS.items() if name in recipe.trainer}
    block = recipe.quantization and recipe.quantization.model_copy(update={"bnb_4bit_compute_dtype": "float32"})
    return recipe.model_copy(
        update={
            "base": miniature_name(recipe.base),
            "quantization": block,
            "trainer": recipe.trainer | _TRAINER | rows,
            "max_new_tokens": min(_TOKENS, recipe.max_new_tokens),
        }
    )
