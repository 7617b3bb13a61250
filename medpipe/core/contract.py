"""The serving contract: everything beside the weights that decides what a version answers.

A version is judged under a contract, carries it in its manifest, and is served by it: evaluation, the smoke test of a
deployment and the gateway read the same one, so none of them has a number of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import not_
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from medpipe.core import prompt
from medpipe.core.conversation import NOTHING_BEFORE, Conversation, Exchange
from medpipe.core.prompt import Answers, Template

Precision = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,31}$")]
"""The number format of the weights at inference, as vLLM's `--dtype` or `--quantization` names it: `float32`, `fp8`."""


class Ending(NamedTuple):
    """Where generation ends, if the base's token for the end of a text does not come first."""

    max_new_tokens: int
    stop: str | None = prompt.STOP
    """A text that ends an answer; None: no text does."""
    wanted_stops: tuple[str, ...] = ()
    """Texts that end it as well because a client wants a shorter answer."""


class ServingContract(BaseModel):
    """How a model is asked. Two evaluations are of the same service only if their contracts are equal."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    base: str
    """Name of the base model."""
    base_digest: str
    """Digest of the base model's files."""
    merged: bool = Field(False, exclude_if=not_)
    """Whether the base is the version itself, as one whole model (`prepare_base`): no adapter is beside it."""
    precision: Precision
    template: Template = "plain"
    """The prompt's form."""
    context: bool = False
    """Whether a prompt may hold the passage that its question is about."""
    history: Literal[False] | Annotated[int, Field(gt=0)] = False
    """How many of the last turns before a question a chat template tells at most, beside instructions of who calls;
    False: none of it."""
    max_prompt_tokens: int | None = Field(None, gt=0, exclude_if=lambda tokens: tokens is None)
    """With history: the longest prompt, in tokens of the base. The oldest turns are left out, whole, until it fits."""
    decoding: Literal["greedy"] = "greedy"
    max_new_tokens: int = Field(gt=0)
    """The longest answer, in tokens."""
    stop: Literal["\n"] | None = "\n"
    """The text that ends an answer: `core.prompt.STOP`; None: answers are paragraphs."""
    guardrails: str
    """Digest of the guardrail policy."""
    disclaimer: str = Field("", exclude_if=not_)
    """What a client reads below an answer that the model wrote; "" for nothing. No score counts it."""

    @model_validator(mode="after")
    def _bounds_its_history(self) -> Self:
        if self.history and self.template == "plain":
            raise ValueError("a plain prompt has no place for `history`")
        if self.max_prompt_tokens and not self.history:
            raise ValueError("max_prompt_tokens bounds `history`, and there is none")
        return self

    def prompt(self, question: str, context: str = "", before: Conversation = NOTHING_BEFORE) -> str:
        """Return the prompt of a question. What the contract has no place for is left out: passage, conversation.

        A passage that is written from earlier turns (`core.dialogue`) is told as turns where the contract has history.
        """
        turns, told = self.history or 0, self._without_disclaimer(self.of(before))
        return prompt.render(question, context, self.template, self.context, turns, told)

    def of(self, before: Conversation) -> Conversation:
        """Return what a prompt may hold of a conversation.

        Instructions of who calls come after what the version itself is told. Without that, there is no place for them.
        """
        if not self.history or self.template == "plain":
            return NOTHING_BEFORE
        latest = before.last(self.history)
        return latest if self.template.system else latest.model_copy(update={"instructions": ""})

    def _without_disclaimer(self, before: Conversation) -> Conversation:
        """Return a conversation with answers as they were judged: a client sends them back as it read them."""
        if not self.disclaimer:
            return before
        exchanges = tuple(
            Exchange(asked=past.asked, answered=past.answered.removesuffix(self.disclaimer).rstrip())
            for past in before.exchanges
        )
        return before.model_copy(update={"exchanges": exchanges})

    def completion(self, answer: str) -> str:
        """Return the completion that would give an answer after `prompt`."""
        return prompt.completion(answer, self.answers, self.template)

    @property
    def whole_name(self) -> str:
        """The name that an engine answers for with a merged version: no other model ever has it."""
        return self.base.rpartition("/")[2]

    @property
    def answers(self) -> Answers:
        """The form of answers."""
        return "one line" if self.stop else "paragraphs"

    def completions(self, labels: Sequence[str]) -> tuple[str, ...]:
        """Return what may be generated where the answer must be one of the labels."""
        return tuple(prompt.unended(label, self.template) for label in labels)

    def answer_of(self, generated: str) -> str:
        """Return the answer in a generated completion."""
        return prompt.answer_of(generated, self.answers)

    @property
    def closing(self) -> str:
        """What is sent behind an answer: the disclaimer, on the same line or as a paragraph of its own."""
        between = " " if self.stop else "\n\n"
        return f"{between}{self.disclaimer}" if self.disclaimer else ""

    def shown(self, answer: str) -> str:
        """Return an answer that the model wrote as a client reads it. No answer stays none."""
        return f"{answer}{self.closing}" if answer else ""

    def ending(self, wanted: int | None = None, stops: tuple[str, ...] = ()) -> Ending:
        """Return where an answer ends when a client wants at most `wanted` tokens (None: no wish), up to `stops`.

        A client can have a shorter answer than the version was judged with, and never a longer one.
        """
        longest = self.max_new_tokens
        return Ending(longest if wanted is None else min(wanted, longest), self.stop, stops)
