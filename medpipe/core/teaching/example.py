"""What training and evaluation read: examples and preference pairs."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer


class Example(BaseModel):
    """One question and the answer to learn, with the documents that it came from.

    `question` is the bare question; `core.prompt.render` makes the prompt from it and from `context`, the passage
    that it is about. `answer` is the text to give. `slot` is the part of the answer that must be there for it to be
    right (a drug's name), empty where exact match is asked. `choices` are the options that the question ends with,
    or the labels of a decision. `phrasing` names the question template; templates that evaluation uses never occur
    in training. `document_ids`, `document_revisions` and `document_digests` belong together; `licence` and
    `published` are those of the first. The fields from `context` on are written only where they say something.
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

    @model_serializer(mode="wrap")
    def _small(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        row: dict[str, Any] = whole(self)
        return {name: value for name, value in row.items() if value or name not in _SPARSE}


_SPARSE = frozenset({"context", "choices", "document_revisions", "licence", "published"})


class PreferencePair(BaseModel):
    """A question, the answer users preferred and the one they did not (TRL's DPO `prompt/chosen/rejected`)."""

    model_config = ConfigDict(frozen=True)
    question: str
    chosen: str
    rejected: str
    answer_id: str
    identity: str
    document_ids: tuple[str, ...] = ()
