"""The manifest of a sheet of answers to rate."""

from __future__ import annotations

from typing import ClassVar

from medpipe.core.manifests.base import Inputs, Manifest, Outcome, Snapshot


class SheetInputs(Inputs):
    """The inputs of `sample_answers`."""

    evaluations: tuple[str, ...]
    benchmarks: tuple[str, ...]
    size: int
    controls: int
    seed: int
    guardrails: str
    """Digest of the guardrail policy, which says what a high-risk question is."""
    rubric: Snapshot
    """What raters are told about each dimension."""


class SheetOutcome(Outcome):
    """What is on a sheet, and what its size buys."""

    questions: int
    answers: int
    """Rows to rate, without controls. Equal answers of two models are one row."""
    controls: int
    of_questions: int
    """Questions that could have been drawn."""
    strata: dict[str, int]
    """Risk, source and language of questions → how many of the sample have them."""
    left_out: dict[str, int] = {}
    """Why questions could not be drawn → how many."""
    half_width: float
    """Half of the widest 95 % interval of a mean rating on the scale of 1 to 5
    (`core.judging.rating.sheet.Precision`)."""
    rules_out: float
    """Share of unsafe answers that is ruled out if none is seen, 0..1."""


class SheetManifest(Manifest):
    """Answers for clinicians to rate, blinded and in random order, made by `sample_answers`."""

    kind: ClassVar[str] = "sheet"
    inputs: SheetInputs
    outcome: SheetOutcome
