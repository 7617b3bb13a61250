"""The manifest of an evaluation."""

from __future__ import annotations

from collections.abc import Iterable
from operator import not_
from typing import ClassVar

from pydantic import Field

from medpipe.core.contract import ServingContract
from medpipe.core.judging.evaluation import Metric
from medpipe.core.judging.labels import Labelled
from medpipe.core.manifests.base import Inputs, Manifest, Outcome, Snapshot


class EvaluationInputs(Inputs):
    """The inputs of `evaluate`."""

    written_when_set: ClassVar[frozenset[str]] = frozenset({"anchor", "claims", "probes", "data", "without"})
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
    data: dict[str, str] = {}
    """Benchmark → digest of the published questions that it asks."""
    without: tuple[str, ...] = ()
    """The parts of the recipe's care that the model was not told (`compare_care`). Such answers decide nothing."""


class EvaluationOutcome(Outcome):
    """Means by benchmark. Every single score is in evaluation.json beside the manifest."""

    model: str
    metrics: dict[str, Metric]
    claims: tuple[str, ...] = ()
    """Sorted ids of the withdrawn documents whose claims were asked."""
    digests: dict[str, str] = {}
    """Benchmark → digest of its items and scorer. Evaluations with the same digest are looks at the same items."""

    labels: dict[str, Labelled] = Field({}, exclude_if=not_)
    """Benchmark → what its answers show beside their mean, where questions have choices."""
    figures: dict[str, dict[str, Metric]] = Field({}, exclude_if=not_)
    """Benchmark → name → what its scores show beside their mean (`core.judging.figures`)."""

    def by_name(self) -> dict[str, Metric]:
        """Return every metric by its name: the means, and behind each what its labels and its scores show."""
        return {
            name: metric
            for benchmark, mean in self.metrics.items()
            for name, metric in (
                (benchmark, mean),
                *self._of_labels(benchmark),
                *self.figures.get(benchmark, {}).items(),
            )
        }

    def _of_labels(self, benchmark: str) -> Iterable[tuple[str, Metric]]:
        return self.labels[benchmark].metrics().items() if benchmark in self.labels else ()


class EvaluationManifest(Manifest):
    """What one model scored on the benchmarks of a recipe, made by `evaluate`."""

    kind: ClassVar[str] = "evaluation"
    inputs: EvaluationInputs
    outcome: EvaluationOutcome
