"""Published measures of two models, for reports: measure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from medpipe.core.judging import languages, measures, scoring
from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.judging.consistency import agreement, phrasings
from medpipe.core.judging.entailment import grade
from medpipe.core.judging.evaluation import Evaluation, Sample
from medpipe.core.judging.measures import Measure
from medpipe.core.judging.staleness import by_year, is_stale
from medpipe.core.manifests import EvaluationManifest, MeasurementInputs, MeasurementOutcome
from medpipe.core.refs import AnchorRef, EvaluationRef, ExamplesRef, MeasurementRef
from medpipe.core.teaching.passages import formed
from medpipe.core.text import token_f1, words
from medpipe.errors import UsageError
from medpipe.ports import Likelihood, Likelihoods, Ports
from medpipe.steps.artifact import manifest, once
from medpipe.steps.calibrating import Labelled, calibrations, labelled
from medpipe.steps.contract import prompt_of
from medpipe.steps.evaluation import scores_of
from medpipe.steps.models import beside, refuse_other_files
from medpipe.steps.samples import PREFERENCES, WITHDRAWN, asks_others, samples_of

_NO_RIGHT_ANSWER = {WITHDRAWN: "its targets must not be said", PREFERENCES: "its targets are what people wrote"}
"""Benchmark → why its targets are no answers to measure by."""


class Pair(NamedTuple):
    """A sample with the answers of both models."""

    sample: Sample
    before: str
    after: str


def measure(
    after: EvaluationRef,
    before: EvaluationRef,
    perplexity: bool = True,
    confidence: bool = False,
    *,
    ports: Ports,
) -> MeasurementRef:
    """Compute published measures of two models from their evaluations, for reports; no gate reads them.

    On each benchmark with right answers that both were asked: token F1, ROUGE-1, ROUGE-2, ROUGE-L, chrF, BLEU, claim
    recall, contradiction, consistency over wordings, agreement over languages and stale answers, before, after and the
    change, with 95 % intervals over clusters. `perplexity`: also the perplexity of the right answers, each model under
    its own contract, computed in process. `confidence`: also calibration error (ECE), Brier score and selective
    accuracy on benchmarks of labels, by agreement over wordings and, with `perplexity`, by the probability of the given
    label among all labels. Raises UsageError when there is nothing to measure, and for the perplexity of models of two
    bases, whose tokens differ.
    """
    old, new = (manifest(ports, evaluation, EvaluationManifest) for evaluation in (before, after))
    reader = _reader(ports, old, new) if perplexity else None
    inputs = MeasurementInputs(
        after=after,
        before=before,
        entailment=ports.entailment.name,
        precision=reader.precision if reader else "",
        confidence=confidence,
    )

    def fill(_: Path) -> MeasurementOutcome:
        scores = scores_of(ports, before), scores_of(ports, after)
        pairs, labels, left_out = _pairs(ports, new, scores, confidence)
        if not pairs and not labels:
            raise UsageError(f"{before} and {after} share no question with a right answer")
        measured = [
            one
            for name, given in pairs.items()
            for one in (
                *_overlaps(name, given, ports),
                *_grades(name, given, ports),
                *_consistency(name, given),
                *_stale(name, given),
            )
        ]
        measured += _over_languages(pairs.keys() | labels.keys(), *scores)
        if reader and pairs:
            measured += _perplexities(pairs, (old, new), reader, ports)
        confident, bins = calibrations(labels, (old, new), reader, ports)
        return MeasurementOutcome(
            samples=sum(map(len, pairs.values())) + sum(map(len, labels.values())),
            measures=(*measured, *confident),
            calibration=bins,
            left_out=left_out,
        )

    return MeasurementRef(once(ports, "measurement", "measure", inputs, fill))


def _reader(ports: Ports, old: EvaluationManifest, new: EvaluationManifest) -> Likelihoods:
    contracts = old.inputs.contract, new.inputs.contract
    for field, what in (("base_digest", "bases"), ("precision", "precisions")):
        if len({getattr(contract, field) for contract in contracts}) > 1:
            raise UsageError(
                f"{old.ref} and {new.ref} are of two {what}, so no perplexities are compared: give --no-perplexity"
            )
    refuse_other_files(ports, old.ref, contracts[0], ", or give --no-perplexity")
    return ports.likelihoods_at(contracts[0].precision)


def _pairs(
    ports: Ports, new: EvaluationManifest, scores: tuple[Evaluation, Evaluation], confidence: bool
) -> tuple[dict[str, list[Pair]], dict[str, list[Labelled]], dict[str, str]]:
    """Return the pairs of each benchmark, by texts and by labels, and for each with questions left out why they are."""
    pairs: dict[str, list[Pair]] = {}
    labels: dict[str, list[Labelled]] = {}
    left_out: dict[str, str] = {}
    before, after = scores
    for benchmark in map(Benchmark.model_validate, new.inputs.benchmarks):
        reason = unfit(benchmark, before, after)
        if not reason and asks_others(ports, benchmark, new.inputs):
            reason = "its published questions are not at hand any more"
        samples = [] if reason else samples_asked(ports, benchmark, new)
        if texts := list(paired(samples, benchmark.name, before, after)):
            pairs[benchmark.name] = texts
        if given := labelled(samples, benchmark.name, before, after):
            labels[benchmark.name] = given
        chosen = sum(bool(sample.choices) for sample in samples)
        if chosen and not confidence:
            left_out[benchmark.name] = f"{chosen} of {len(samples)} questions have choices: give --confidence"
        elif not texts and not given:
            left_out[benchmark.name] = reason or "no question has a right answer"
    return pairs, labels if confidence else {}, left_out


def samples_asked(ports: Ports, benchmark: Benchmark, evaluation: EvaluationManifest) -> list[Sample]:
    """Return the questions that an evaluation asked on a benchmark, without those of pairs and withdrawn claims."""
    examples, anchor = ExamplesRef(evaluation.inputs.examples), evaluation.inputs.anchor
    return samples_of(ports, benchmark, examples, None, AnchorRef(anchor) if anchor else None)


def unfit(benchmark: Benchmark, before: Evaluation, after: Evaluation) -> str:
    """Return why nothing can be measured on a benchmark, or ""."""
    if benchmark.name in _NO_RIGHT_ANSWER:
        return _NO_RIGHT_ANSWER[benchmark.name]
    if benchmark.scorer in scoring.POLICY_SCORERS:
        return "its answers are judged by policies, not by a right answer"
    if benchmark.scorer in ("evidence", "rubric"):
        return "its answers are judged by what passages support, or by points"
    if before.digests.get(benchmark.name) != after.digests.get(benchmark.name):
        return "the two models were asked different questions, or were scored in another way"
    return ""


def paired(samples: Sequence[Sample], benchmark: str, before: Evaluation, after: Evaluation) -> Iterator[Pair]:
    """Yield each sample with a right answer in words that both evaluations asked, with both answers."""
    old, new = (
        {score.sample_id: score.answer for score in evaluation.scores.get(benchmark, ())}
        for evaluation in (before, after)
    )
    for sample in samples:
        if words(sample.target) and not sample.choices and sample.id in old and sample.id in new:
            yield Pair(sample, old[sample.id], new[sample.id])


def _overlaps(benchmark: str, pairs: Sequence[Pair], ports: Ports) -> Iterator[Measure]:
    targets, clusters = [pair.sample.target for pair in pairs], [pair.sample.cluster for pair in pairs]
    answers = [pair.before for pair in pairs], [pair.after for pair in pairs]
    f1 = [[token_f1(*both) for both in zip(given, targets, strict=True)] for given in answers]
    old, new = (ports.overlaps.of(given, targets) for given in answers)
    yield measures.of_scores(benchmark, "token_f1", f1[0], f1[1], clusters)
    for name in ("rouge1", "rouge2", "rouge_l", "chrf"):
        scores = [[getattr(overlap, name) for overlap in side] for side in (old, new)]
        yield measures.of_scores(benchmark, name, scores[0], scores[1], clusters)
    counts = [[overlap.bleu for overlap in side] for side in (old, new)]
    yield measures.of_sums(
        benchmark, "bleu", counts[0], counts[1], clusters, lambda sums: ports.overlaps.bleu(list(sums))
    )


def _grades(benchmark: str, pairs: Sequence[Pair], ports: Ports) -> Iterator[Measure]:
    """Yield what the answers say of the right answers, and against them (`core.judging.entailment`)."""
    clusters = [pair.sample.cluster for pair in pairs]
    judge = ports.entailment.verdicts
    old = [grade(pair.before, pair.sample.target, judge) for pair in pairs]
    new = [grade(pair.after, pair.sample.target, judge) for pair in pairs]
    recalled = [[each.recall for each in side] for side in (old, new)]
    against = [[each.contradiction for each in side] for side in (old, new)]
    yield measures.of_scores(benchmark, "claim_recall", recalled[0], recalled[1], clusters)
    yield measures.of_scores(benchmark, "contradiction", against[0], against[1], clusters, better="lower")


def _consistency(benchmark: str, pairs: Sequence[Pair]) -> Iterator[Measure]:
    """Yield how much the answers to several phrasings of one fact agree; nothing where each fact is asked once."""
    by_sample = {pair.sample: pair for pair in pairs}
    if facts := phrasings(by_sample):
        old, new = (
            [agreement([getattr(by_sample[sample], side) for sample in asked]) for asked in facts]
            for side in ("before", "after")
        )
        yield measures.of_scores(benchmark, "consistency", old, new, [asked[0].cluster for asked in facts])


def _over_languages(benchmarks: Collection[str], before: Evaluation, after: Evaluation) -> Iterator[Measure]:
    """Yield the share of facts whose answers agree in every language; nothing where each is asked in one."""
    for name in sorted(benchmarks):
        old, new = (languages.agreements(evaluation.scores.get(name, ())) for evaluation in (before, after))
        if facts := sorted(old.keys() & new.keys()):
            agrees = [[float(side[fact].agrees) for fact in facts] for side in (old, new)]
            clusters = [new[fact].cluster for fact in facts]
            yield measures.of_scores(name, "agreement_over_languages", agrees[0], agrees[1], clusters)


def _stale(benchmark: str, pairs: Sequence[Pair]) -> Iterator[Measure]:
    """Yield the share of stale answers to questions whose answer changed, in all and by the year of the change."""
    changed = [pair for pair in pairs if pair.sample.stale]
    for name, places in by_year([pair.sample.changed for pair in changed]).items():
        asked = [changed[place] for place in places]
        old, new = (
            [float(is_stale(pair.sample, getattr(pair, side))) for pair in asked] for side in ("before", "after")
        )
        clusters = [pair.sample.cluster for pair in asked]
        yield measures.of_scores(benchmark, name.replace(" ", "_"), old, new, clusters, better="lower")


def _perplexities(
    pairs: Mapping[str, Sequence[Pair]],
    evaluations: tuple[EvaluationManifest, EvaluationManifest],
    reader: Likelihoods,
    ports: Ports,
) -> Iterator[Measure]:
    samples = [pair.sample for given in pairs.values() for pair in given]
    old, new = (_likelihoods(samples, evaluation, reader, ports) for evaluation in evaluations)
    for name, given in pairs.items():
        clusters = [pair.sample.cluster for pair in given]
        before, after = ([side[pair.sample] for pair in given] for side in (old, new))
        yield measures.of_sums(name, "perplexity", before, after, clusters, measures.perplexity, better="lower")


def _likelihoods(
    samples: Sequence[Sample], evaluation: EvaluationManifest, reader: Likelihoods, ports: Ports
) -> dict[Sample, Likelihood]:
    """Return how probable a model finds the right answer to each sample, in its contract's form of answers."""
    contract = evaluation.inputs.contract
    texts = {
        sample: (
            prompt_of(ports, contract, sample),
            contract.completion(formed(sample.target, contract.answers)),
        )
        for sample in samples
    }
    distinct = list(dict.fromkeys(texts.values()))
    adapter = beside(ports, evaluation.inputs.adapter, contract)
    read = reader.likelihoods(contract.base, adapter, distinct, contract.ending(), ports.progress)
    by_text = dict(zip(distinct, read, strict=True))
    return {sample: by_text[text] for sample, text in texts.items()}
