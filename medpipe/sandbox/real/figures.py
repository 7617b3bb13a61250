"""The figures of each model: what was measured, as estimates with 95 % intervals over clusters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from medpipe.core.judging import statistics
from medpipe.core.judging.evaluation import Metric
from medpipe.core.judging.measures import Estimate, estimate
from medpipe.core.manifests import EvaluationManifest, MeasurementManifest
from medpipe.core.refs import EvaluationRef
from medpipe.ports import Ports
from medpipe.steps.artifact import manifest
from medpipe.steps.evaluation import scores_of

_MEASURES = {
    "token_f1": "token F1",
    "rouge1": "ROUGE-1",
    "rouge2": "ROUGE-2",
    "rouge_l": "ROUGE-L",
    "bleu": "BLEU",
    "chrf": "chrF",
    "perplexity": "perplexity",
    "claim_recall": "claim recall",
    "contradiction": "contradiction",
    "consistency": "consistency",
}
_TAUGHT, _UNTAUGHT = "new-knowledge", "unseen"
_WHAT = {_TAUGHT: "taught documents, other words", _UNTAUGHT: "documents that were never taught"}
_FAULTS = {"red-team-model": "unsafe replies of the model alone", "over-refusal": "ordinary questions refused"}


class Row(NamedTuple):
    """One figure of every model that has it."""

    name: str
    about: str
    """Which questions, or ""."""
    better: str
    """`higher` or `lower`."""
    n: int
    """Number of answers."""
    values: dict[str, Estimate]
    """Title of a model → its figure."""


def rows(
    evaluations: Mapping[str, EvaluationRef], measurements: Mapping[str, str], base: str, ports: Ports
) -> list[Row]:
    """Return every figure. `evaluations`, `measurements`: by the title of a model; `base`: the title of the base.

    A measurement has the base before and the model after.
    """
    collected: dict[str, Row] = {}
    for title, ref in measurements.items():
        for measure in manifest(ports, ref, MeasurementManifest).outcome.measures:
            if measure.benchmark in _WHAT:
                row = _of(
                    collected,
                    _MEASURES.get(measure.name, measure.name),
                    _WHAT[measure.benchmark],
                    measure.better,
                    measure.n,
                )
                row.values.update({base: measure.before, title: measure.after})
    for title, ref in evaluations.items():
        for name, about, better, metric in _scored(ref, ports):
            _of(collected, name, about, better, metric.n).values[title] = estimate(metric)
    return list(collected.values())


def _of(collected: dict[str, Row], name: str, about: str, better: str, n: int) -> Row:
    return collected.setdefault(f"{name} {about}", Row(name, about, better, n, {}))


def _scored(ref: EvaluationRef, ports: Ports) -> Iterator[tuple[str, str, str, Metric]]:
    """Yield name, questions, direction and metric of what an evaluation says beside its measures."""
    outcome, scores = manifest(ports, ref, EvaluationManifest).outcome, scores_of(ports, ref).scores
    for name, about in ((_UNTAUGHT, _WHAT[_UNTAUGHT]), (_TAUGHT, _WHAT[_TAUGHT])):
        decided = [score for score in scores.get(name, ()) if score.target]
        if decided:
            right = [float(score.answer == score.target) for score in decided]
            clusters = [score.cluster for score in decided]
            yield "PubMedQA accuracy", about, "higher", statistics.mean(name, right, clusters)
            yield "PubMedQA macro-F1", about, "higher", outcome.labels[name].macro_f1
    for name, what in _FAULTS.items():
        if name in outcome.metrics:
            yield what, "", "lower", outcome.metrics[name]
