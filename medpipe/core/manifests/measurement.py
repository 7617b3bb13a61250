"""The manifest of a measurement."""

from __future__ import annotations

from operator import not_
from typing import ClassVar

from pydantic import Field

from medpipe.core.judging.calibration import Calibration
from medpipe.core.judging.measures import Measure
from medpipe.core.manifests.base import Inputs, Manifest, Outcome


class MeasurementInputs(Inputs):
    """The inputs of `measure`."""

    written_when_set: ClassVar[frozenset[str]] = frozenset({"confidence"})
    after: str
    """The evaluation of the model that changed."""
    before: str
    """The evaluation of the model that it is compared with."""
    entailment: str
    """What judged claims: `ports.Entailment.name`."""
    precision: str
    """The number format of the weights whose perplexity was computed; "" for no perplexity."""
    confidence: bool = False
    """Whether the confidence of labels was measured."""


class MeasurementOutcome(Outcome):
    """What reports say about two models."""

    samples: int
    """Samples that both models answered and that have a right answer."""
    measures: tuple[Measure, ...]
    calibration: dict[str, Calibration] = Field({}, exclude_if=not_)
    """Benchmark → bins of the answers by how probable the models found them, where questions have choices."""
    left_out: dict[str, str] = {}
    """Benchmark → why nothing is measured on it, or how many of its questions have choices and are not measured."""


class MeasurementManifest(Manifest):
    """Published measures of two models' answers, made by `measure`. No gate reads them."""

    kind: ClassVar[str] = "measurement"
    inputs: MeasurementInputs
    outcome: MeasurementOutcome
