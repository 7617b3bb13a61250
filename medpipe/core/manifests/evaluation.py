"""The manifest of an evaluation."""

from __future__ import annotations

from typing import ClassVar

from medpipe.core.contract import ServingContract
from medpipe.core.judging.evaluation import Metric
from medpipe.core.manifests.base import Inputs, Manifest, Outcome, Snapshot


class EvaluationInputs(Inputs):
    """The inputs of `evaluate`."""

    written_when_set: ClassVar[frozenset[str]] = frozenset({"anchor", "claims", "probes"})
    adapter: str
    """`base` or an adapter ref."""
    contract: ServingContract
    """How it was asked."""
    generator: str
    """The program that generated: `ports.Generator.name`."""
    examples: str
    pairs: str | None
    benchmarks: tuple[Snapshot, ...]
    harm: str
    """Digest of harm.yaml, which decides what counts as unsafe."""
    claims: tuple[str, ...] = ()
    """Sorted ids of the documents whose claims were withdrawn when the model was asked."""
    probes: str = ""
    """Digest of the questions about these claims; "" for none."""
    scorers: str = ""
    """Digest of the scorers' code."""
    anchor: str | None = None


class EvaluationOutcome(Outcome):
    """Means by benchmark. Every single score is in evaluation.json beside the manifest."""

    model: str
    metrics: dict[str, Metric]
    claims: tuple[str, ...] = ()
    """Sorted ids of the withdrawn documents whose claims were asked."""
    digests: dict[str, str] = {}
    """Benchmark → digest of its items and scorer. Evaluations with the same digest are looks at the same items."""


class EvaluationManifest(Manifest):
    """What one model scored on the benchmarks of a recipe, made by `evaluate`."""

    kind: ClassVar[str] = "evaluation"
    inputs: EvaluationInputs
    outcome: EvaluationOutcome
