"""The manifest of a person's decision about quarantined rows."""

from __future__ import annotations

from typing import ClassVar, Literal

from medpipe.core.manifests.base import Inputs, Manifest, Outcome, Value


class ReviewInputs(Inputs):
    """A person's decision about quarantined `rows` (numbers from 0, ascending) of one batch."""

    validation: str
    data: str
    suite: str
    rows: tuple[int, ...]
    decision: Literal["release", "discard"]
    reason: str
    by: str


class ReviewedRecord(Value):
    """One row that was decided: its number, id and source, and why validation had quarantined it."""

    row: int
    id: str
    source: str
    reasons: tuple[str, ...]


class ReviewOutcome(Outcome):
    """The outcome of `release` and `discard`."""

    records: tuple[ReviewedRecord, ...]


class ReviewManifest(Manifest):
    """A decision of a person about quarantined rows, made by `release` or `discard` and never changed."""

    kind: ClassVar[str] = "review"
    inputs: ReviewInputs
    outcome: ReviewOutcome
