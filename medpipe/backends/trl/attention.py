"""How a training computes attention: the implementation that a recipe names, if this machine and the base have it."""

from __future__ import annotations

from typing import Any

from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import ConfigError

_PACKAGES = {"flash_attention_2": "flash-attn", "flash_attention_3": "flash-attn-3"}
"""Implementation → the package that has its kernels. Both need an NVIDIA GPU."""


def named(recipe: Recipe) -> dict[str, str]:
    """Return the argument of transformers' `from_pretrained` and `from_config`; empty where the recipe names none."""
    return {"attn_implementation": recipe.attn_implementation} if recipe.attn_implementation else {}


def refuse_missing(recipe: Recipe, arguments: Any) -> None:
    """Raise ConfigError for an implementation that this machine does not have. `arguments`: TRL's configuration.

    transformers would look for the kernels of flash attention on a hub where their package is missing, and fail at the
    first step where the numbers are float32.
    """
    package = _PACKAGES.get(recipe.attn_implementation or "")
    if package is None:
        return
    if not _has(package):
        raise ConfigError(
            f"{_place(recipe)}: this machine has no {recipe.attn_implementation}, which needs the package {package} "
            "and an NVIDIA GPU: install it, or remove the line (sdpa uses the kernels in torch)"
        )
    if not (arguments.bf16 or arguments.fp16):
        raise ConfigError(
            f"{_place(recipe)}: {recipe.attn_implementation} computes in 16 bits only: set trainer.bf16 to true, or "
            "remove the line"
        )


def refuse_unsupported(recipe: Recipe, config: Any) -> None:
    """Raise ConfigError for a base whose architecture does not have the implementation. `config`: transformers' own."""
    import torch
    from transformers import AutoModelForCausalLM

    if recipe.attn_implementation is None:
        return
    try:
        with torch.device("meta"):  # shapes without numbers
            AutoModelForCausalLM.from_config(config, **named(recipe))
    except (ImportError, ValueError) as error:
        raise ConfigError(
            f"{_place(recipe)}: {recipe.base} cannot use {recipe.attn_implementation}: {error}"
        ) from error


def _place(recipe: Recipe) -> str:
    return f"recipe {recipe.name!r}, attn_implementation"


def _has(package: str) -> bool:
    from transformers import utils

    return bool(utils.is_flash_attn_2_available() if package == "flash-attn" else utils.is_flash_attn_3_available())
