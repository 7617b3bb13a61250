"""Two bases on the same questions, each asked in its own way: which one to start from. No gate reads it."""

from __future__ import annotations

from collections.abc import Iterator

from medpipe.core.judging import measures
from medpipe.core.judging.evaluation import Evaluation
from medpipe.core.judging.measures import Measure

SCORE = "score"
"""The name of the measure: what the benchmark's own scorer gave."""


def beside(first: Evaluation, other: Evaluation) -> tuple[dict[str, Measure], tuple[str, ...]]:
    """Return for each benchmark what two evaluations scored on it, paired by question, and which cannot be compared.

    Left out are benchmarks that only one of the two was asked, or with other questions, or scored in another way.
    """
    names = sorted(first.digests.keys() | other.digests.keys())
    same = [name for name in names if first.digests.get(name) == other.digests.get(name)]
    compared = {name: measure for name in same for measure in _measures(name, first, other)}
    return compared, tuple(name for name in names if name not in compared)


def _measures(benchmark: str, first: Evaluation, other: Evaluation) -> Iterator[Measure]:
    """Yield the measure of a benchmark; nothing where no question was asked of both."""
    scores = {score.sample_id: score.value for score in other.scores[benchmark]}
    pairs = [score for score in first.scores[benchmark] if score.sample_id in scores]
    if not pairs:
        return
    yield measures.of_scores(
        benchmark,
        SCORE,
        [score.value for score in pairs],
        [scores[score.sample_id] for score in pairs],
        [score.cluster for score in pairs],
        better="lower" if benchmark in first.faults else "higher",
    )
