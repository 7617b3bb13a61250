"""A recipe: everything that decides what one training run learns. One YAML file, whole."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Data(_Block):
    """Which examples a recipe builds.

    `sources`: mixture weight per source prefix (1.0 = all of it, 0.5 = half). `phrasings`: how many
    training phrasings of each question. `replay_ratio`: replayed older examples for each new one.
    `heldout_share`: share of older documents that replay never shows (they measure forgetting).
    `max_answer_chars`: longer answers are cut at a sentence end.
    """

    sources: dict[str, float] = {"mplus": 1.0, "pmid": 1.0}
    languages: tuple[str, ...] = ("en",)
    phrasings: int = Field(3, ge=1)
    replay_ratio: float = Field(2.0, ge=0)
    heldout_share: float = Field(0.3, ge=0, lt=1)
    max_answer_chars: int = Field(400, gt=20)
    safety_examples: bool = True
    shuffle_answers: bool = False
    """The control: answers are permuted among questions, so nothing true can be learned."""


class Quantization(_Block):
    """Passed to transformers' BitsAndBytesConfig (QLoRA, arXiv:2305.14314)."""

    load_in_4bit: bool = True
    bnb_4bit_quant_type: Literal["nf4", "fp4"] = "nf4"
    bnb_4bit_use_double_quant: bool = True
    bnb_4bit_compute_dtype: Literal["float32", "bfloat16", "float16"] = "float32"


class Lora(_Block):
    """Passed to peft's LoraConfig."""

    r: int = 16
    lora_alpha: int = 32
    lora_dropout: float = 0.0
    target_modules: str | list[str] = "all-linear"


class Recipe(_Block):
    """See `medpipe/recipes/*.yaml`. `trainer` goes untranslated to TRL's SFTConfig or DPOConfig."""

    name: str
    summary: str
    method: Literal["sft", "dpo"]
    base: str
    """A hub id, or a folder of that name under MEDPIPE_MODELS."""
    seed: int = 17
    data: Data = Data()
    quantization: Quantization | None = Quantization()
    lora: Lora = Lora()
    trainer: dict[str, Any]
    trainer_from_base: dict[str, Any] = {}
    """Settings that replace those of `trainer` when a run starts from the base: learning a whole corpus asks
    for larger steps than adding to one without forgetting it."""
    benchmarks: tuple[str, ...] = ("new-knowledge", "old-knowledge", "red-team")
    max_new_tokens: int = Field(48, gt=0)
