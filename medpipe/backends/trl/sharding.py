"""FSDP-QLoRA: processes that share a rounded base between them, for bases that are too large for one GPU.

Each process holds a part of every layer's weights, and has a whole layer only while it computes it (FSDP,
arXiv:2304.11277, in its second version). Weights in 4 bits are packed into numbers of the type that steps compute in,
because FSDP shares out floating-point numbers only; their values stay (bitsandbytes, "FSDP-QLoRA").
"""

from __future__ import annotations

from typing import Any

from medpipe.core.teaching.recipe import Recipe
from medpipe.core.teaching.weights import Quantization
from medpipe.errors import ConfigError

SETTINGS = {
    "fsdp": True,
    "fsdp_config": {
        "version": 2,
        "auto_wrap_policy": "TRANSFORMER_BASED_WRAP",  # a unit for each layer of the model
        "reshard_after_forward": True,
        "state_dict_type": "FULL_STATE_DICT",  # a checkpoint has whole tensors, written by the first process
    },
}
"""Settings of transformers' TrainingArguments."""


def refuse(recipe: Recipe, processes: int) -> None:
    """Raise ConfigError for a recipe whose training cannot be shared out so."""
    reasons = {
        "MEDPIPE_PROCESSES is 1": processes == 1,
        "the recipe has no `lora`": recipe.lora is None,
        f"the recipe uses {recipe.method.upper()}": recipe.method != "sft",
        "the recipe has a penalty": recipe.penalty is not None,
        "the base is in 8 bits": bool(recipe.quantization and recipe.quantization.load_in_8bit),
    }
    if against := [reason for reason, holds in reasons.items() if holds]:
        raise ConfigError(
            f"recipe {recipe.name!r}: MEDPIPE_SHARDED needs several processes, and SFT of an adapter without a penalty "
            f"on a base in 4 bits or more than 8; {' and '.join(against)}: set MEDPIPE_SHARDED to false"
        )


def storage(block: Quantization) -> dict[str, str]:
    """Return the setting of BitsAndBytesConfig that lets FSDP share out weights in 4 bits."""
    return {"bnb_4bit_quant_storage": block.bnb_4bit_compute_dtype} if block.load_in_4bit else {}


def gathered(model: Any) -> dict[str, Any]:
    """Return the trained tensors whole, by name, on the CPU. Every process must call this: each has a part of them."""
    trained = ((name, value) for name, value in model.named_parameters() if value.requires_grad)
    return {name: value.full_tensor().detach().cpu() for name, value in trained}
