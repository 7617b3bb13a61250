"""The manifest of an adapter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from medpipe.core.manifests.base import Inputs, Manifest, Outcome, Snapshot
from medpipe.core.prompt import Answers, Template
from medpipe.core.teaching.curve import CURVE


class AdapterInputs(Inputs):
    """The inputs of `train`."""

    written_when_set: ClassVar[frozenset[str]] = frozenset({"released"})
    recipe: Snapshot
    base: str
    """Digest of the base model's files."""
    data: str
    start_from: str
    """`base` or the adapter that training continued."""
    released: tuple[str, ...] = ()
    """Reviews that released quarantined rows of the data."""


class AdapterOutcome(Outcome):
    """The outcome of `train`."""

    recipe: str
    method: Literal["sft", "dpo", "kto"]
    base: str
    base_digest: str
    data: str
    start_from: str
    examples: int
    """Rows of the training, those for validation among them: examples, or preference pairs."""
    metrics: dict[str, float]
    digest: str
    """SHA-256 of the weights and their configuration."""
    weights: Literal["lora", "whole"] = Field("lora", exclude_if=lambda weights: weights == "lora")
    """What the folder holds: a LoRA adapter for the base, or a whole model, of which every weight was trained."""
    template: Template = Field("plain", exclude_if=lambda template: template == "plain")
    """The form of the prompts that were taught."""
    answers: Answers = Field("one line", exclude_if=lambda answers: answers == "one line")
    """The form of the answers that were taught."""


class AdapterManifest(Manifest):
    """What a training made of a base: a LoRA adapter, or a whole model (`AdapterOutcome.weights`), made by `train`."""

    kind: ClassVar[str] = "adapter"
    # A training that was killed and went on ends in the same weights, with another curve, mean loss and time.
    records: ClassVar[Mapping[str, set[str]]] = {"digests": {CURVE}, "outcome": {"metrics"}}
    inputs: AdapterInputs
    outcome: AdapterOutcome
