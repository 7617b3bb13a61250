"""The rows that training reads: examples (SFT) and preferences (DPO, KTO)."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer

from medpipe.core.teaching.feedback import ERASED

Role = Literal["taught", "withdrawn", "validation"]
"""What an example is for."""


class Example(BaseModel):
    """One question and the answer to learn, with the documents that it came from.

    `question` is the bare question; `core.prompt.render` makes the prompt from it and from `context`, the passage
    that it is about. `answer` is the text to give. `slot` is the part of the answer that must be there for it to be
    right (a drug's name); without one the answer must match exactly. `choices` are the options that the question
    ends with, or the labels of a decision. `phrasing` names the question template; templates that evaluation uses
    never occur in training. `document_ids`, `document_revisions` and `document_digests` are parallel; `licence` and
    `published` are those of the first document. `role` says what the example teaches: what the documents say, that it
    was withdrawn, or nothing: on an example for `validation` the loss is measured during the training. `context`,
    `choices`, `document_revisions`, `licence` and `published` are written only if they are not empty, and `role` only
    if it is not `taught`.
    """

    model_config = ConfigDict(frozen=True)
    question: str
    answer: str
    document_ids: tuple[str, ...]
    document_digests: tuple[str, ...] = ()
    source: str
    question_type: str = ""
    focus: str = ""
    slot: str = ""
    phrasing: str = "as-published"
    replay: bool = False
    language: str = "en"
    context: str = ""
    choices: tuple[str, ...] = ()
    document_revisions: tuple[int, ...] = ()
    licence: str = ""
    published: date | None = None
    role: Role = "taught"

    @model_serializer(mode="wrap")
    def _small(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        row: dict[str, Any] = whole(self)
        row["role"] = "" if self.role == "taught" else self.role
        return {name: value for name, value in row.items() if value or name not in _SPARSE}


_SPARSE = frozenset({"context", "choices", "document_revisions", "licence", "published", "role"})


class PreferencePair(BaseModel):
    """A question, the answer users preferred and the one they did not (TRL's DPO `prompt/chosen/rejected`).

    Of a rating without a correction, one of both is "": nobody said which other answer would be better, or worse.
    """

    model_config = ConfigDict(frozen=True)
    question: str
    chosen: str
    rejected: str
    answer_id: str
    identity: str
    document_ids: tuple[str, ...] = ()
    """The documents that the question is about; empty where they are not known."""
    document_revisions: tuple[int, ...] = ()
    """Their revisions, in the same order."""

    @property
    def paired(self) -> bool:
        """Whether it compares two answers."""
        return bool(self.chosen and self.rejected)

    @property
    def erased(self) -> bool:
        """Whether the texts were erased after the pair was built."""
        return self.identity == ERASED
