"""The anchor: a frozen set of questions on which small losses cannot add up.

A challenger that is compared with the incumbent only may lose a little each time and everything in the end (bio-creep:
Feng, Emerson and Simon, Biometrics 2021, 77:31-44, arXiv:1912.12413). So every version is asked the same questions, and
must not be worse than any champion before it. These are facts that the first champion was taught and that no later
training repeats: the documents that `core.teaching.split` never replays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from medpipe.core.judging.evaluation import Evaluation, Sample, Score
from medpipe.core.text import stable_share

NAME = "anchor"
"""Name of the benchmark."""


def frozen(new_knowledge: Iterable[Sample], heldout_share: float) -> tuple[Sample, ...]:
    """Return the anchor's samples: of what the first champion was taught, all about documents that are never replayed.

    `new_knowledge`: the samples of the first champion's examples. `heldout_share`: as in its recipe, the share of the
    documents that replay leaves out.
    """
    return tuple(sample for sample in new_knowledge if stable_share(sample.cluster, "held-out") < heldout_share)


def in_force(samples: Iterable[Sample], present: Iterable[Sample]) -> list[Sample]:
    """Return the frozen samples whose answer is still right: those that are among the `present` samples as they are.

    A document that was corrected or withdrawn since is no measure of forgetting. Its questions are not asked.
    """
    right = {(sample.id, sample.question, sample.target, sample.slot) for sample in present}
    return [sample for sample in samples if (sample.id, sample.question, sample.target, sample.slot) in right]


def references(challenger: Evaluation, others: Sequence[Evaluation], benchmark: str) -> tuple[Evaluation, ...]:
    """Return the evaluations that asked the same items, or some of them, of another model: one a model.

    Of two evaluations of a model, the one with more of the challenger's questions.
    """
    shared = [(len(common(challenger, other, benchmark)), other) for other in others if other.model != challenger.model]
    by_model: Mapping[str, Evaluation] = {
        other.model: other
        for count, other in sorted(shared, key=lambda pair: pair[0])
        if count or same_items(challenger, other, benchmark)
    }
    return tuple(by_model.values())


def same_items(challenger: Evaluation, other: Evaluation, benchmark: str) -> bool:
    """Return whether two evaluations say that they asked the same set of items and scored it in the same way."""
    return other.digests.get(benchmark) == challenger.digests.get(benchmark) is not None


def common(challenger: Evaluation, other: Evaluation, benchmark: str) -> tuple[Score, ...]:
    """Return the challenger's scores on those questions that another model was asked, and scored on, in the same way.

    Which questions of a frozen set are in force differs from corpus to corpus, and questions about documents that are
    never taught come and go with the documents.
    """
    same = same_items(challenger, other, benchmark)
    asked = {(score.sample_id, score.item) for score in other.scores.get(benchmark, ())}
    return tuple(
        score
        for score in challenger.scores.get(benchmark, ())
        if (same or score.item) and (score.sample_id, score.item) in asked
    )


def scored_otherwise(challenger: Evaluation, others: Iterable[Evaluation], benchmark: str) -> frozenset[str]:
    """Return the models that were asked questions with the challenger's ids, and none asked and scored in its way."""
    ids = {score.sample_id for score in challenger.scores.get(benchmark, ())}
    asked = [other for other in others if any(score.sample_id in ids for score in other.scores.get(benchmark, ()))]
    alike = {other.model for other in asked if common(challenger, other, benchmark)}
    return frozenset(other.model for other in asked) - alike - {challenger.model}
