"""How a training computes attention: the implementation that a recipe names, if this machine and the base have it."""

from __future__ import annotations

from typing import Any

from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import ConfigError

_PACKAGES = {"flash_attention_2": "flash-attn", "flash_attention_3": "flash-attn-3"}
"""Implementation → the package that has its kernels."""


def named(recipe: Recipe) -> dict[str, str]:
    """Return the argument of transformers' `from_pretrained` and `from_config`; empty where the recipe names none."""
    return {"attn_implementation": recipe.attn_implementation} if recipe.attn_implementation else {}


def refuse_missing(recipe: Recipe, arguments: Any) -> None:
    """Raise ConfigError for an implementation that this machine does not have. `arguments`: TRL's configuration.

    Where the kernels of flash attention are missing, transformers would look for some on a hub. In float32 they fail at
    the first step. torch compiles flex attention for a GPU in seconds, and for a CPU not within minutes.
    """
    name = recipe.attn_implementation or ""
    if missing := _missing(name):
        raise ConfigError(
            f"{_place(recipe)}: this machine has no {name}, which needs {missing}: remove the line, or name sdpa, "
            "which uses the kernels in torch"
        )
    if name in _PACKAGES and not (arguments.bf16 or arguments.fp16):
        raise ConfigError(
            f"{_place(recipe)}: {name} computes in 16 bits only: set trainer.bf16 to true, or remove the line"
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


def _missing(name: str) -> str:
    """Return what this machine lacks for an implementation; "" for nothing."""
    import torch
    from transformers import utils

    if name in _PACKAGES:
        there = utils.is_flash_attn_2_available if name == "flash_attention_2" else utils.is_flash_attn_3_available
        return "" if there() else f"an NVIDIA GPU and the package {_PACKAGES[name]}"
    return "a GPU" if name == "flex_attention" and not torch.cuda.is_available() else ""


def _place(recipe: Recipe) -> str:
    return f"recipe {recipe.name!r}, attn_implementation"
