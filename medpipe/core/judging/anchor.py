"""The anchor: a frozen set of questions on which small losses cannot add up.

A challenger that is compared with the incumbent only may lose a little each time and everything in the end (bio-creep:
Feng, Emerson and Simon, Biometrics 2021, 77:31-44, arXiv:1912.12413). So every version is asked the same questions, and
must not be worse than any champion before it. These are facts that the first champion was taught and that no later
training repeats: the documents that `core.teaching.split` never replays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from medpipe.core.judging.evaluation import Evaluation, Sample
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
    """Return the evaluations that asked the same frozen items of another model, one a model."""
    digest = challenger.digests.get(benchmark)
    by_model: Mapping[str, Evaluation] = {
        other.model: other
        for other in others
        if digest is not None and other.digests.get(benchmark) == digest and other.model != challenger.model
    }
    return tuple(by_model.values())
