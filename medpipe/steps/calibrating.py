"""How confident two models were of the labels that they gave: a part of `measure`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from medpipe.core.judging import calibration
from medpipe.core.judging.calibration import Calibration, Judged
from medpipe.core.judging.consistency import phrasings
from medpipe.core.judging.evaluation import Evaluation, Sample, Score
from medpipe.core.judging.measures import Measure
from medpipe.core.manifests import EvaluationManifest
from medpipe.core.text import stable_share
from medpipe.ports import Likelihoods, Ports
from medpipe.steps.contract import prompt_of
from medpipe.steps.models import beside

MOST = 300
"""Questions of one benchmark whose labels are read at most; chosen by their ids."""
BY_AGREEMENT = "_by_agreement"
"""Ends the names of measures whose confidence is no probability, but agreement over wordings."""


class Labelled(NamedTuple):
    """A question with the labels that both models gave."""

    sample: Sample
    before: str
    after: str


def labelled(samples: Sequence[Sample], benchmark: str, before: Evaluation, after: Evaluation) -> list[Labelled]:
    """Return the questions of a benchmark that both models answered by a label of their own: no rule replaced it."""
    old, new = (_given(evaluation.scores.get(benchmark, ())) for evaluation in (before, after))
    return [
        Labelled(sample, old[sample.id], new[sample.id])
        for sample in samples
        if sample.target in sample.choices and {old.get(sample.id), new.get(sample.id)} <= set(sample.choices)
    ]


def _given(scores: Sequence[Score]) -> dict[str, str]:
    return {score.sample_id: score.answer for score in scores if score.by == "model"}


def calibrations(
    pairs: Mapping[str, Sequence[Labelled]],
    evaluations: tuple[EvaluationManifest, EvaluationManifest],
    reader: Likelihoods | None,
    ports: Ports,
) -> tuple[list[Measure], dict[str, Calibration]]:
    """Return the measures of confidence by benchmark, and the bins where the confidence is a probability.

    `reader`: reads how probable each label is; None: only agreement over wordings is measured.
    """
    measured: list[Measure] = []
    bins: dict[str, Calibration] = {}
    for name, given in pairs.items():
        measured += _by_agreement(name, given)
        if reader:
            read = sorted(given, key=lambda pair: stable_share(pair.sample.id, "calibration"))[:MOST]
            old, new = (
                _judged(read, side, evaluation, reader, ports)
                for side, evaluation in zip(("before", "after"), evaluations, strict=True)
            )
            measured += calibration.measured(name, "", old, new, [pair.sample.cluster for pair in read])
            bins[name] = Calibration(before=calibration.bins(old), after=calibration.bins(new))
    return measured, bins


def _judged(
    pairs: Sequence[Labelled], side: str, evaluation: EvaluationManifest, reader: Likelihoods, ports: Ports
) -> list[Judged]:
    """Return how probable a model finds the label that it gave, among all labels of the question."""
    contract = evaluation.inputs.contract
    texts = [
        (prompt_of(ports, contract, pair.sample), contract.completion(label))
        for pair in pairs
        for label in pair.sample.choices
    ]
    adapter = beside(ports, evaluation.inputs.adapter, contract)
    distinct = list(dict.fromkeys(texts))
    read = reader.likelihoods(contract.base, adapter, distinct, contract.ending(), ports.progress)
    logs = dict(zip(distinct, (one.log for one in read), strict=True))
    left, judged = iter(texts), []
    for pair in pairs:
        of_labels = {label: logs[next(left)] for label in pair.sample.choices}
        answer = getattr(pair, side)
        judged.append(Judged(calibration.confidence(of_labels, answer), float(answer == pair.sample.target)))
    return judged


def _by_agreement(name: str, pairs: Sequence[Labelled]) -> Iterator[Measure]:
    """Yield what agreement over wordings says, where questions are asked in several."""
    by_sample = {pair.sample: pair for pair in pairs}
    groups = phrasings(by_sample)
    if not groups:
        return
    asked = [sample for group in groups for sample in group]
    sides = []
    for side in ("before", "after"):
        answers = [[getattr(by_sample[sample], side) for sample in group] for group in groups]
        shares = [share for of_group in answers for share in calibration.agreement(of_group)]
        said = [answer for of_group in answers for answer in of_group]
        right = [float(answer == sample.target) for answer, sample in zip(said, asked, strict=True)]
        sides.append([Judged(*both) for both in zip(shares, right, strict=True)])
    yield from calibration.measured(name, BY_AGREEMENT, sides[0], sides[1], [sample.cluster for sample in asked])
