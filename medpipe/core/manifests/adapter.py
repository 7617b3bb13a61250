"""The manifest of an adapter."""

from __future__ import annotations

from typing import ClassVar, Literal

from medpipe.core.manifests.base import Inputs, Manifest, Outcome, Snapshot


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
    method: Literal["sft", "dpo"]
    base: str
    base_digest: str
    data: str
    start_from: str
    examples: int
    """Rows that were taught: examples, or preference pairs."""
    metrics: dict[str, float]
    digest: str
    """SHA-256 of the weights and their configuration."""


class AdapterManifest(Manifest):
    """A LoRA adapter, made by `train`."""

    kind: ClassVar[str] = "adapter"
    inputs: AdapterInputs
    outcome: AdapterOutcome
