"""The part of a recipe that says how a version answers with care: rules, the wording of uncertainty, a disclaimer.

Rules and wording are told by the system prompt, in training as in serving. The disclaimer is added to the answer by the
serving contract: no training teaches it, and no answer lacks it.
"""

from __future__ import annotations

from collections.abc import Collection
from operator import not_
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Part = Literal["rules", "uncertainty", "disclaimer"]


class Care(BaseModel):
    """What a recipe says about care. Each part is a text; "" leaves it out.

    - `rules`: what the model must do and must not do, such as whom to send where.
    - `uncertainty`: how the model words what it does not know, or does not know for sure.
    - `disclaimer`: one line, which stands below every answer that a model wrote. The replies of rules have none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    rules: str = Field("", exclude_if=not_)
    uncertainty: str = Field("", exclude_if=not_)
    disclaimer: str = Field("", exclude_if=not_, max_length=400)

    @field_validator("rules", "uncertainty", "disclaimer")
    @classmethod
    def _has_words(cls, text: str) -> str:
        if text and not text.strip():
            raise ValueError("has only white space: write the text, or leave the field out")
        return text.strip()

    @field_validator("disclaimer")
    @classmethod
    def _is_one_line(cls, text: str) -> str:
        if len(text.splitlines()) > 1:
            raise ValueError("has several lines, and stands below an answer as one: write it as one (in YAML, `>-`)")
        return text

    @model_validator(mode="after")
    def _says_something(self) -> Care:
        if not self.parts:
            raise ValueError("is empty: give rules, uncertainty or disclaimer, or leave care out")
        return self

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts that have a text."""
        named: tuple[Part, ...] = ("rules", "uncertainty", "disclaimer")
        return tuple(part for part in named if getattr(self, part))

    def told(self, without: Collection[Part] = ()) -> str:
        """Return what the system prompt says of care, without some parts; "" for nothing."""
        return told(*(getattr(self, part) for part in self.parts if part not in {"disclaimer", *without}))


def told(*texts: str) -> str:
    """Return a system prompt of several texts, each a paragraph. Empty ones are left out."""
    return "\n\n".join(filter(None, texts))
