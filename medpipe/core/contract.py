"""The serving contract: everything beside the weights that decides what a version answers.

A version is judged under a contract, carries it in its manifest, and is served by it: evaluation, the smoke test of a
deployment and the gateway read the same one, so none of them has a number of its own.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from medpipe.core import prompt

Precision = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,31}$")]
"""The number format of the weights at inference, as vLLM's `--dtype` or `--quantization` names it: `float32`, `fp8`."""


class ServingContract(BaseModel):
    """How a model is asked. Two evaluations are of the same service only if their contracts are equal."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    base: str
    """Name of the base model."""
    base_digest: str
    """Digest of the base model's files."""
    precision: Precision
    template: Literal["plain"] = "plain"
    """The prompt's form: `plain` is `core.prompt.render`."""
    context: bool = False
    """Whether a prompt may hold the passage that its question is about."""
    history: Literal[False] = False
    """Whether earlier turns of a conversation are part of the prompt."""
    decoding: Literal["greedy"] = "greedy"
    max_new_tokens: int = Field(gt=0)
    """The longest answer, in tokens."""
    stop: Literal["\n"] = "\n"
    """The text that ends an answer: `core.prompt.STOP`."""
    guardrails: str
    """Digest of the guardrail policy."""

    def prompt(self, question: str, context: str = "") -> str:
        """Return the prompt of a question. A passage is left out where the contract has no place for one."""
        return prompt.render(question, context if self.context else "")

    def tokens(self, wanted: int | None = None) -> int:
        """Return how many tokens an answer may have when a client wants at most `wanted`; None: no wish."""
        return self.max_new_tokens if wanted is None else min(wanted, self.max_new_tokens)
