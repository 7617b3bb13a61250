"""The manifest of a trace."""

from __future__ import annotations

from operator import not_
from typing import ClassVar, Literal

from pydantic import Field

from medpipe.core.manifests.base import Inputs, Manifest, Outcome


class TraceInputs(Inputs):
    """The inputs of `trace`."""

    of: tuple[str, ...]
    """Sorted document ids or refs."""
    forward: bool
    made: dict[str, tuple[str, ...]]
    """Kind → every ref that existed: a trace is made again when something was made since."""


class TraceOutcome(Outcome):
    """What the trace reached. found.jsonl has a row for each document revision (forward: each of its examples)."""

    direction: Literal["forward", "back"]
    documents: tuple[str, ...]
    """Document ids that it started from."""
    refs: tuple[str, ...]
    """Refs that it started from."""
    rows: int
    """Rows of found.jsonl."""
    examples: tuple[str, ...]
    pairs: tuple[str, ...]
    adapters: tuple[str, ...]
    versions: tuple[str, ...]
    prepared: tuple[str, ...] = Field((), exclude_if=not_)
    """Whole models into which one of the adapters was merged."""


class TraceManifest(Manifest):
    """From documents to the models that carry them, or from a model to its documents, made by `trace`."""

    kind: ClassVar[str] = "trace"
    inputs: TraceInputs
    outcome: TraceOutcome
