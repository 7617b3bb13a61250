"""What training and evaluation read: examples and preference pairs."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Example(BaseModel):
    """One question and the answer to learn, with the documents that it came from.

    `question` is the bare question; `core.prompt.render` makes the prompt from it. `answer` is the
    text to give. `slot` is the part of the answer that must be there for it to be right (a drug's
    name), empty where exact match is asked. `phrasing` names the question template; templates that
    evaluation uses never occur in training.
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


class PreferencePair(BaseModel):
    """A question, the answer users preferred and the one they did not (TRL's DPO `prompt/chosen/rejected`)."""

    model_config = ConfigDict(frozen=True)
    question: str
    chosen: str
    rejected: str
    answer_id: str
    identity: str
    document_ids: tuple[str, ...] = ()
