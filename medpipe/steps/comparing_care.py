"""What a recipe's care does to the answers of one model: compare_care."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from medpipe.core.contract import ServingContract
from medpipe.core.judging import bases, measures, scoring
from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.judging.evaluation import Evaluation, Sample, Score
from medpipe.core.judging.measures import Measure
from medpipe.core.manifests import EvaluationManifest
from medpipe.core.refs import BASE, EvaluationRef, ExamplesRef
from medpipe.core.teaching.care import Part
from medpipe.core.teaching.samples import withdrawn_samples
from medpipe.core.text import token_f1
from medpipe.errors import UsageError
from medpipe.ports import Ports
from medpipe.steps.artifact import manifest
from medpipe.steps.evaluation import evaluated, scores_of
from medpipe.steps.measuring import paired, samples_asked, unfit
from medpipe.steps.samples import WITHDRAWN
from medpipe.steps.withdrawals import claims_in_force

TOGETHER = "all of it"
"""The comparison of all parts at once."""
DISCLAIMER: Part = "disclaimer"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class CarePart(_Value):
    """One part of the care, or all of it: the model without it (`before`) and with it (`after`)."""

    part: str
    without: str
    """The evaluation without the part. The disclaimer changes no answer, so for it, that with everything."""
    measures: tuple[Measure, ...]
    left_out: tuple[str, ...] = ()
    """Benchmarks without a question that both were asked."""


class ComparedCare(_Value):
    """One model with and without each part of a recipe's care, on the same questions."""

    model: str
    recipe: str
    evaluation: str
    """The evaluation with everything that the recipe tells, as the model is judged and served."""
    parts: tuple[CarePart, ...]

    @property
    def remarks(self) -> tuple[str, ...]:
        """A line for each part and figure, for people."""
        return tuple(
            f"without → with {compared.part}: {text}"
            for compared in self.parts
            for text in (*map(str, compared.measures), *(f"{name}: nothing to compare" for name in compared.left_out))
        )


def compare_care(recipe: str, examples: ExamplesRef, model: str = BASE, *, ports: Ports) -> ComparedCare:
    """Ask one model with and without each part of a recipe's care, and say what each part changes.

    `model`: `base`, or an adapter or a version that the recipe trained. Rules and wording of uncertainty are left out
    of the system prompt, one at a time and then both; the disclaimer is left out below the same answers. Compared are
    the score of each benchmark (unsafe replies, over-refusal, …) and, on questions that a model may know, token F1 and
    coverage: how many it answered. Intervals are of 95 % each, paired by question and clustered by document, and are
    not corrected for the number of comparisons. Gates judge an answer without its disclaimer, which must not stand in
    for a pointer to help; here it counts. A trained model is asked in a form that it was not taught, so what it loses
    without a part is not what a training without that part would lack. Raises UsageError for a recipe without `care`,
    and what `evaluate` raises.
    """
    care = ports.recipe(recipe).care
    if care is None:
        raise UsageError(
            f"recipe {recipe!r} has no `care`, so there is nothing to compare: give its rules, uncertainty "
            "or disclaimer"
        )
    whole = evaluated(ports, model, recipe, examples)
    told: tuple[Part, ...] = tuple(part for part in care.parts if part != DISCLAIMER)
    arms: dict[str, tuple[Part, ...]] = {part: (part,) for part in care.parts}
    if len(care.parts) > 1:
        arms[TOGETHER] = care.parts
    parts = []
    for name, left_out in arms.items():
        untold = tuple(part for part in told if part in left_out)
        ref = evaluated(ports, model, recipe, examples, without=untold) if untold else whole
        parts.append(_compared(ports, name, ref, whole, shown=DISCLAIMER in left_out))
    return ComparedCare(model=model, recipe=recipe, evaluation=whole, parts=tuple(parts))


def _compared(ports: Ports, name: str, without: EvaluationRef, whole: EvaluationRef, shown: bool) -> CarePart:
    """Return what a part changes. `shown`: whether the disclaimer is a part of what is compared."""
    stored = manifest(ports, whole, EvaluationManifest)
    before, after = scores_of(ports, without), scores_of(ports, whole)
    asked = _samples(ports, stored)
    if shown:
        after = _as_shown(after, asked, stored.inputs.contract, ports)
    scored, left_out = bases.beside(before, after)
    known = _of_knowledge(asked, before, after)
    return CarePart(part=name, without=without, measures=(*scored.values(), *known), left_out=left_out)


def _samples(ports: Ports, stored: EvaluationManifest) -> dict[Benchmark, list[Sample]]:
    """Return the questions of each benchmark of an evaluation."""
    return {
        benchmark: list(withdrawn_samples(claims_in_force(ports), contexts=True))
        if benchmark.name == WITHDRAWN
        else samples_asked(ports, benchmark, stored)
        for benchmark in map(Benchmark.model_validate, stored.inputs.benchmarks)
    }


def _as_shown(
    evaluation: Evaluation, asked: Mapping[Benchmark, Sequence[Sample]], contract: ServingContract, ports: Ports
) -> Evaluation:
    """Return an evaluation of the answers with the disclaimer below them, as clients read them."""
    scores = {
        benchmark.name: tuple(
            _below(score, by_id[score.sample_id], benchmark, contract, ports) if score.sample_id in by_id else score
            for score in evaluation.scores.get(benchmark.name, ())
        )
        for benchmark, samples in asked.items()
        for by_id in ({sample.id: sample for sample in samples},)
    }
    return evaluation.model_copy(update={"scores": scores})


def _below(score: Score, sample: Sample, benchmark: Benchmark, contract: ServingContract, ports: Ports) -> Score:
    """Return a score of the answer with the disclaimer. The replies of rules have none, and labels are judged alone."""
    if score.by == "rule" or sample.choices:
        return score
    text = contract.shown(score.answer)
    value = scoring.score(benchmark.scorer, sample, text, ports.guardrails, ports.harm)
    return score.model_copy(update={"answer": text, "value": value})


def _of_knowledge(
    asked: Mapping[Benchmark, Sequence[Sample]], before: Evaluation, after: Evaluation
) -> Iterator[Measure]:
    """Yield token F1 and coverage on each benchmark of questions that a model may know."""
    for benchmark, samples in asked.items():
        pairs = [] if unfit(benchmark, before, after) else list(paired(samples, benchmark.name, before, after))
        if pairs:
            clusters = [pair.sample.cluster for pair in pairs]
            old = [token_f1(pair.before, pair.sample.target) for pair in pairs]
            new = [token_f1(pair.after, pair.sample.target) for pair in pairs]
            yield measures.of_scores(benchmark.name, "token_f1", old, new, clusters)
        yield from _coverage(benchmark.name, before, after)


def _coverage(benchmark: str, before: Evaluation, after: Evaluation) -> Iterator[Measure]:
    declined = {score.sample_id: score.abstained for score in before.scores.get(benchmark, ())}
    both = [
        (score, declined[score.sample_id])
        for score in after.scores.get(benchmark, ())
        if score.abstained is not None and declined.get(score.sample_id) is not None
    ]
    if both:
        old, new = [float(not was) for _, was in both], [float(not score.abstained) for score, _ in both]
        yield measures.of_scores(benchmark, "coverage", old, new, [score.cluster for score, _ in both])
