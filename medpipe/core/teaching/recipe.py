"""A recipe: everything that decides what one training run learns. One YAML file, whole."""

from __future__ import annotations

import math
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from medpipe.core.sources import default_shares, prefixes_by_people
from medpipe.core.teaching import questions


class _Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Data(_Block):
    """Which examples a recipe builds. Every default is neutral: what is not asked for is not done.

    What enters: `sources`, the share of each source's documents by id prefix (1.0 = all, 0.5 = half);
    `proportions`, the mixture that the facts must have (prefix → share, together 1; empty: as they come);
    `languages`, of sections; `copyrighted`, whether texts with reserved rights may be taught; `cut_off`:
    nothing published on that day or later is taught, it is asked as `after-cut-off`.

    How it is told: `phrasings`, how many training phrasings of each question; `paraphrases`, how many more
    inside another sentence; `contexts`, whether the passage that a question is about stands before it; `aims`,
    whether an article whose title asks nothing is asked what it concluded about its stated aim; the
    `max_…_chars` limits (answers and contexts are cut at a sentence end, longer questions left out).

    What is left out or changed: `check_languages` (the text is not in the language it claims); `quality`
    (rules of `core.teaching.quality`); `redact`, prefixes of sources that persons wrote, whose identifiers are
    replaced; `near_duplicates`, Jaccard similarity of three-word shingles from which two facts are one
    (None: only equal ones are); `decontaminate`, whether examples that share 13 words in a row or nearly
    everything with a benchmark's question are left out.

    What is asked: `clusters`, the similarity from which two documents are twins and stay on one side
    (None: each its own); `unseen`, prefix → share of clusters that no run ever teaches (they measure a task, such
    as triage, and not whether facts were learned); `heldout_share`, share of older clusters that replay never
    shows (they measure forgetting); `replay_ratio`, replayed older examples for each new one.
    """

    sources: dict[str, float] = default_shares()
    proportions: dict[str, float] = {}
    languages: tuple[str, ...] = ("en",)
    copyrighted: bool = True
    cut_off: date | None = None
    phrasings: int = Field(3, ge=1)
    paraphrases: int = Field(0, ge=0)
    contexts: bool = False
    aims: bool = False
    max_question_chars: int = Field(900, gt=20)
    max_context_chars: int = Field(2000, gt=20)
    max_answer_chars: int = Field(400, gt=20)
    check_languages: bool = False
    quality: bool = False
    redact: tuple[str, ...] = prefixes_by_people()
    near_duplicates: float | None = Field(None, gt=0, le=1)
    decontaminate: bool = False
    clusters: float | None = Field(None, gt=0, le=1)
    unseen: dict[str, float] = {}
    heldout_share: float = Field(0.3, ge=0, lt=1)
    replay_ratio: float = Field(2.0, ge=0)
    safety_examples: bool = True
    shuffle_answers: bool = False
    """The control: answers are permuted among questions, so nothing true can be learned."""

    @field_validator("languages")
    @classmethod
    def _spoken(cls, languages: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := sorted(set(languages) - questions.LANGUAGES):
            raise ValueError(
                f"no phrasings in {', '.join(unknown)}; there are {', '.join(sorted(questions.LANGUAGES))}"
            )
        return languages

    @model_validator(mode="after")
    def _mixed(self) -> Data:
        if self.proportions and not math.isclose(sum(self.proportions.values()), 1.0, abs_tol=1e-6):
            raise ValueError(f"proportions add up to {sum(self.proportions.values()):g}, not to 1")
        if lacking := sorted(set(self.proportions) - set(self.sources)):
            raise ValueError(f"proportions name {', '.join(lacking)}, which sources lack")
        return self


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
