"""The part of a recipe that says which weights are trained, and as which numbers they are held and written."""

from __future__ import annotations

from operator import not_
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

_NOT_SERVED = ("lm_head", "embed_tokens")
"""The layers from and to tokens. vLLM ignores adapters there, or refuses to load them."""

Attention = Literal["eager", "sdpa", "flex_attention", "flash_attention_2", "flash_attention_3"]
"""Implementations of attention, as transformers names them."""

Rounding = Literal["float32", "bfloat16", "nf4", "int8", "int4"]
"""The numbers that a whole model's weights are written as.

`nf4`: rounded to NF4 in blocks of 64 (QLoRA, arXiv:2305.14314) and written as float32. `int8` and `int4`: stored in so
many bits (`docs/models.md` says who can load them).
"""


class _Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Quantization(_Block):
    """Passed to transformers' BitsAndBytesConfig: QLoRA (arXiv:2305.14314), or LLM.int8() (arXiv:2208.07339).

    `load_in_8bit` takes the place of 4 bits, and the settings of 4 bits then do nothing.
    """

    load_in_4bit: bool = True
    load_in_8bit: bool = Field(False, exclude_if=not_)
    bnb_4bit_quant_type: Literal["nf4", "fp4"] = "nf4"
    bnb_4bit_use_double_quant: bool = True
    bnb_4bit_compute_dtype: Literal["float32", "bfloat16", "float16"] = "float32"

    @model_validator(mode="before")
    @classmethod
    def _eight_bits_alone(cls, block: Any) -> Any:
        """Let `load_in_8bit` take the place of 4 bits; refuse both."""
        if not isinstance(block, dict) or not block.get("load_in_8bit"):
            return block
        if block.get("load_in_4bit"):
            raise ValueError("load_in_8bit and load_in_4bit are both true: leave one out")
        return {**block, "load_in_4bit": False}


class Lora(_Block):
    """Passed to peft's LoraConfig."""

    r: int = Field(16, ge=1)
    lora_alpha: int = Field(32, ge=1)
    lora_dropout: float = Field(0.0, ge=0, lt=1)
    use_rslora: bool = Field(False, exclude_if=not_)
    """Whether updates are scaled by lora_alpha / √r instead of lora_alpha / r (arXiv:2312.03732)."""
    target_modules: str | list[str] = "all-linear"

    @field_validator("target_modules")
    @classmethod
    def _can_be_served(cls, modules: str | list[str]) -> str | list[str]:
        """Refuse no module at all, and adapters that the engine does not apply."""
        named = [modules] if isinstance(modules, str) else modules
        if not all(named) or not named:
            raise ValueError("names no module; write all-linear for every linear layer")
        if refused := sorted({name for name in named if name.rpartition(".")[2] in _NOT_SERVED}):
            raise ValueError(f"the engine applies no adapter to {', '.join(refused)}; leave it out")
        return modules
