"""Scoring the answers of an evaluation again, to see whether they earn what was stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from medpipe.core.judging import scoring
from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.judging.evaluation import Evaluation
from medpipe.core.manifests import EvaluationManifest
from medpipe.core.refs import AnchorRef, ExamplesRef, PairsRef
from medpipe.ports import Ports
from medpipe.steps.evaluation import scorers_digest
from medpipe.steps.samples import PREFERENCES, WITHDRAWN, asks_others, samples_of


class Rescored(NamedTuple):
    """An answer that was scored again."""

    benchmark: str
    sample_id: str
    stored: float | None
    """The score that the evaluation has; None where it has none."""
    earned: float | None
    """What the answer earns now; None for an answer to a question that the benchmark does not ask."""


def rescored(stored: EvaluationManifest, evaluation: Evaluation, ports: Ports) -> Iterator[Rescored]:
    """Score every answer again. Nothing where the scorers' code or a policy has changed since.

    Left out are answers about withdrawn claims, because which claims are withdrawn has changed since, those about
    pairs of which some were erased, and those about published questions that are others today. Raises NotFound and
    Damaged for samples that are not there any more.
    """
    inputs = stored.inputs
    present = (scorers_digest(), ports.harm.digest, ports.guardrails.digest)
    if (inputs.scorers, inputs.harm, inputs.contract.guardrails) != present:
        return
    examples, pairs = ExamplesRef(inputs.examples), PairsRef(inputs.pairs) if inputs.pairs else None
    anchor = AnchorRef(inputs.anchor) if inputs.anchor else None
    gone = {WITHDRAWN, PREFERENCES} if pairs and ports.store.blanked(pairs) else {WITHDRAWN}
    for benchmark in map(Benchmark.model_validate, inputs.benchmarks):
        if benchmark.name in gone or asks_others(ports, benchmark, inputs):
            continue
        scores = {score.sample_id: score for score in evaluation.scores.get(benchmark.name, ())}
        for sample in samples_of(ports, benchmark, examples, pairs, anchor):
            score = scores.pop(sample.id, None)
            answer = score.answer if score else ""
            earned = scoring.score(benchmark.scorer, sample, answer, ports.guardrails, ports.harm)
            yield Rescored(benchmark.name, sample.id, score.value if score else None, earned)
        yield from (Rescored(benchmark.name, name, score.value, None) for name, score in scores.items())
