"""The manifest of an estimate of ratings."""

from __future__ import annotations

from typing import ClassVar

from medpipe.core.judging.rating.prediction_powered import Corrected
from medpipe.core.judging.rating.scale import Dimension
from medpipe.core.manifests.base import Inputs, Manifest, Outcome, Snapshot


class EstimateInputs(Inputs):
    """The inputs of `estimate_ratings`."""

    ratings: str
    judge: str
    """What judged: `ports.Judge.name`."""
    rubric: Snapshot
    """What the judge was told about each dimension: what raters were told."""


class EstimateOutcome(Outcome):
    """Mean ratings over all answers of each evaluation."""

    answers: int
    """Answers that the judge rated."""
    means: dict[str, dict[Dimension, Corrected]]
    """Evaluation → dimension → mean; without those that too few clinicians' ratings support."""


class EstimateManifest(Manifest):
    """Mean ratings over all answers by a judge that clinicians correct, made by `estimate_ratings`."""

    kind: ClassVar[str] = "estimate"
    inputs: EstimateInputs
    outcome: EstimateOutcome
