"""A recipe: everything that decides what one training run learns, in one YAML file."""

from __future__ import annotations

from collections.abc import Collection
from operator import not_
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from medpipe.core.base_name import is_base_name, parted
from medpipe.core.refs import is_ref
from medpipe.core.teaching import care as care_of
from medpipe.core.teaching.care import Care, Part
from medpipe.core.teaching.data import Data, Share
from medpipe.core.teaching.penalty import Penalty
from medpipe.core.teaching.weights import Attention, Lora, Quantization, Rounding


class Recipe(BaseModel):
    """One file of `medpipe/recipes`. `trainer` is passed as it is to TRL's configuration of its method."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    summary: str
    method: Literal["sft", "dpo", "kto"]
    base: str
    """A hub id, or a folder of that name under MEDPIPE_MODELS; with `@` and a revision, exactly that one."""
    seed: int = 17
    data: Data = Data()
    quantization: Quantization | None = Quantization()
    lora: Lora | None = Lora()
    """The adapter that is trained; None: every weight of the base is (full fine-tuning)."""
    attn_implementation: Attention | None = Field(None, exclude_if=lambda attention: attention is None)
    """How transformers computes attention in the training; None: as it chooses, which is `sdpa` for most bases."""
    trainer: dict[str, Any]
    trainer_from_base: dict[str, Any] = {}
    """Settings that replace those of `trainer` when a run starts from the base model. Learning a whole corpus needs
    larger steps than adding news to an adapter without making it forget."""
    early_stopping_patience: int | None = Field(None, ge=1, exclude_if=lambda patience: patience is None)
    """A training ends after that many evaluations in a row without a smaller loss; None: after its last step."""
    template: Literal["plain", "chat"] = Field("plain", exclude_if=lambda template: template == "plain")
    """The form of prompts: "Question: …" and "Answer:", or the chat template of the base's tokenizer."""
    system: str = Field("", exclude_if=not_)
    """What the model is told before any question, by the chat template."""
    max_prompt_tokens: int | None = Field(None, gt=0, exclude_if=lambda tokens: tokens is None)
    """How long a prompt with earlier turns (`data.history`) may be, in tokens; None: the turns alone are bounded. It
    needs a benchmark with conversations, such as `conversations`."""
    care: Care | None = Field(None, exclude_if=lambda care: care is None)
    """What the model is told about safety and uncertainty, and what stands below its answers; None: nothing."""
    max_cut: Share = Field(0.01, exclude_if=lambda share: share == 0.01)
    """Share of the training's rows that may be longer than `max_length`; with more, nothing is trained."""
    penalty: Penalty | None = Field(None, exclude_if=lambda penalty: penalty is None)
    """What holds a supervised training near the adapter that it continues; None: nothing."""
    benchmarks: tuple[str, ...] = ("new-knowledge", "old-knowledge", "red-team")
    max_new_tokens: int = Field(48, gt=0)
    serve: Literal["adapter", "merged"] = Field("adapter", exclude_if=lambda serve: serve == "adapter")
    """What the engine serves: the adapter beside its base, or one whole model, which `prepare_base` writes."""
    serve_at: Rounding = Field("float32", exclude_if=lambda rounding: rounding == "float32")
    """How `prepare_base` rounds the weights of the whole model."""

    @property
    def weights(self) -> Literal["lora", "whole"]:
        """What a training makes: an adapter, or a whole model."""
        return "lora" if self.lora else "whole"

    @property
    def told(self) -> str:
        """The system prompt: `system`, and what `care` tells the model."""
        return self.told_without(())

    def told_without(self, parts: Collection[Part]) -> str:
        """Return the system prompt without some parts of `care`."""
        return care_of.told(self.system, self.care.told(parts) if self.care else "")

    @property
    def disclaimer(self) -> str:
        """What stands below every answer; "" for nothing."""
        return self.care.disclaimer if self.care else ""

    @model_validator(mode="after")
    def _can_be_trained_whole(self) -> Recipe:
        if self.lora is None and self.quantization:
            raise ValueError(
                "without `lora` every weight is trained, and rounded weights cannot be: set quantization to null, or "
                "give lora"
            )
        if self.lora is None and self.serve == "adapter":
            raise ValueError("without `lora` there is no adapter to serve: set serve to merged, or give lora")
        if self.serve == "adapter" and self.serve_at != "float32":
            raise ValueError(
                f"serve_at {self.serve_at} rounds a whole model, and an adapter is served beside its base: set serve "
                "to merged, or name a base that `medpipe prepare-base` rounded"
            )
        return self

    @property
    def continues(self) -> str:
        """Why a training by this recipe goes on from what was trained and cannot start from the base; "" if it can."""
        trained = "an adapter" if self.lora else "a whole model"
        if self.method != "sft":
            return f"uses {self.method.upper()}, which goes on from {trained}"
        return f"has a penalty, which holds weights near those of {trained}" if self.penalty else ""

    @model_validator(mode="after")
    def _penalty_has_a_use(self) -> Recipe:
        if self.penalty and self.method != "sft":
            raise ValueError(f"{self.method} is held near its start by its own reference: raise trainer.beta instead")
        return self

    @model_validator(mode="after")
    def _system_has_a_place(self) -> Recipe:
        if self.system and self.template == "plain":
            raise ValueError("a plain prompt has no place for `system`; set template to chat, or leave system out")
        if self.data.history and self.template == "plain":
            raise ValueError("a plain prompt has no place for data.history; set template to chat, or leave it out")
        if self.max_prompt_tokens and not self.data.history:
            raise ValueError("max_prompt_tokens bounds earlier turns; set data.history, or leave it out")
        if self.care and self.care.told() and self.template == "plain":
            raise ValueError(
                "a plain prompt has no place for care.rules and care.uncertainty; set template to chat, or leave them "
                "out"
            )
        return self

    @model_validator(mode="after")
    def _validates_examples(self) -> Recipe:
        if self.method != "sft" and self.data.validation_share:
            raise ValueError("data.validation_share is of examples; preference pairs have no validation set")
        return self

    @model_validator(mode="before")
    @classmethod
    def _revision_is_in_the_name(cls, block: Any) -> Any:
        if isinstance(block, dict) and "revision" in block:
            raise ValueError(
                "a base and its revision are one name: remove `revision`, and write base: "
                f"{block.get('base', 'organisation/model')}@{block['revision']}"
            )
        return block

    @field_validator("base")
    @classmethod
    def _can_be_found(cls, base: str) -> str:
        """Refuse names that could leave the folder of local models, and revisions of what has none."""
        if not is_base_name(base):
            raise ValueError(
                f"{base!r} is neither a hub id such as organisation/model, with @ and a commit hash or a tag where a "
                "revision is meant, nor the name of a folder under MEDPIPE_MODELS"
            )
        name, revision = parted(base)
        if revision and is_ref(name):
            raise ValueError(f"{name} has no revisions: every prepared base has a ref of its own")
        return base
