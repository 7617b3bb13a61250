"""The model and the tokenizer that a training begins with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from medpipe.backends.trl import attention, base_shape, settings, sharding, whole
from medpipe.backends.trl.adapter_files import CONFIG, WEIGHTS
from medpipe.base_models import pretrained
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import UsageError
from medpipe.weights.device import device_map


def refuse_start(recipe: Recipe, start_from: Path | None) -> None:
    """Raise UsageError for a start that is missing, or is not what the recipe trains: an adapter, or a whole model."""
    kind, files = ("an adapter", (WEIGHTS, CONFIG)) if recipe.lora else ("a whole model", whole.FILES)
    if start_from is None:
        if recipe.continues:
            raise UsageError(f"recipe {recipe.name!r} {recipe.continues}: name one")
        return
    for name in files:
        if not (start_from / name).is_file():
            raise UsageError(f"start_from {start_from.name!r} is not {kind}: it has no {name}")


def peft_model(recipe: Recipe, place: str, start_from: Path | None, sharded: bool = False) -> Any:
    """Return the base with a new adapter, or with the one to start from. `sharded`: so that FSDP can share it out.

    Raises ConfigError for a base that cannot be loaded.
    """
    from peft import LoraConfig, PeftModel, get_peft_model

    model = base_model(recipe, place, start_from is None, sharded)
    if start_from is None and recipe.lora:
        return get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **recipe.lora.model_dump()))
    return PeftModel.from_pretrained(model, str(start_from), is_trainable=True)


def base_model(recipe: Recipe, place: str, from_base: bool, sharded: bool = False) -> Any:
    """Return the frozen base. `from_base`: whether the run has no adapter to start from. `sharded`: for FSDP."""
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    block = recipe.quantization
    dtype = getattr(torch, _precision(recipe, from_base))
    stored = sharding.storage(block) if block and sharded else {}
    config = BitsAndBytesConfig(**block.model_dump(), **stored) if block else None
    try:
        model = AutoModelForCausalLM.from_pretrained(
            **pretrained(place),
            quantization_config=config,
            dtype=dtype,
            device_map=device_map(),
            **attention.named(recipe),
        )
    except OSError as error:
        raise base_shape.unreadable(recipe, place, error) from error
    model.config.use_cache = False
    _keep_unpacked(model)
    return model


def _keep_unpacked(model: Any) -> None:
    """Forbid bitsandbytes to repack 4-bit weights for its CPU kernel, which has no backward pass.

    On processors with AVX512-BF16 the first forward pass in evaluation mode repacks them, and DPO makes one for the log
    probabilities of its reference. No gradient reached the layers below a repacked one from then on, without an error.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False


def _precision(recipe: Recipe, from_base: bool) -> str:
    """Return the type of the base's weights that are not quantised, which no training changes.

    A step under `bf16` computes with bf16 copies of them. Loaded as bf16 they take half the memory and no copying.
    """
    if recipe.quantization and recipe.quantization.load_in_4bit:
        return recipe.quantization.bnb_4bit_compute_dtype
    return "bfloat16" if settings.settings_of(recipe, from_base).get("bf16") else "float32"
