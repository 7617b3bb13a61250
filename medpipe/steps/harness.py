"""What another tool finds on the questions of an evaluation: run_lm_eval."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from medpipe.core.contract import ServingContract
from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.judging.evaluation import Sample
from medpipe.core.manifests import EvaluationManifest
from medpipe.core.refs import EvaluationRef, ExamplesRef
from medpipe.errors import UsageError
from medpipe.ports import Choosing, Harnessed, Ports
from medpipe.steps.artifact import manifest
from medpipe.steps.contract import prompt_of
from medpipe.steps.evaluation import scores_of
from medpipe.steps.models import beside, refuse_other_files
from medpipe.steps.samples import asks_others, samples_of


class Compared(BaseModel):
    """A harness's figures beside an evaluation's, on the same questions."""

    model_config = ConfigDict(frozen=True)
    benchmark: str
    n: int
    accuracy: float
    """The harness's."""
    stderr: float | None
    """Standard error of the harness's accuracy; None where the harness gives none, as for a single question."""
    evaluated: float
    """The evaluation's accuracy on these questions."""
    agreement: float
    """Share of the questions on which both chose the same label."""
    by_rule: int
    """Questions left out, since a rule answered them in the evaluation: the model's own answer is not stored."""


class HarnessReport(BaseModel):
    """What a harness found on every benchmark of an evaluation that has choices."""

    model_config = ConfigDict(frozen=True)
    evaluation: str
    harness: str
    benchmarks: tuple[Compared, ...]


def run_lm_eval(evaluation: EvaluationRef, *, ports: Ports) -> HarnessReport:
    """Ask the model of an evaluation its questions with choices by lm-eval, and return both tools' figures.

    lm-eval loads the same base and adapter in fp32 and gets the same prompts. It compares whole labels by likelihood.
    Questions that a guardrail or a red flag answered in the evaluation are left out: lm-eval asks the model alone.
    Raises UsageError for an evaluation without such questions, at another precision, or of other files of the base.
    """
    stored, scores = manifest(ports, evaluation, EvaluationManifest), scores_of(ports, evaluation)
    inputs, contract = stored.inputs, stored.inputs.contract
    if contract.precision != "float32":
        raise UsageError(f"lm-eval is run in float32, and the evaluation in {contract.precision}: evaluate in float32")
    refuse_other_files(ports, evaluation, contract)
    asked = {
        benchmark.name: asked_of
        for benchmark in map(Benchmark.model_validate, inputs.benchmarks)
        if (asked_of := _with_choices(ports, benchmark, stored))
    }
    if not asked:
        raise UsageError(f"{evaluation} asked no question with choices: evaluate with a recipe that asks some")
    answers = {
        (name, score.sample_id): score.answer
        for name, of in scores.scores.items()
        for score in of
        if score.by == "model"
    }
    own = {
        name: given
        for name, samples in asked.items()
        if (given := [sample for sample in samples if (name, sample.id) in answers])
    }
    if not own:
        raise UsageError(f"{evaluation}: rules answered every question with choices, so there is no answer to compare")
    tasks = {name: [_choosing(sample, contract, ports) for sample in samples] for name, samples in own.items()}
    found = ports.harness.run(contract.base, beside(ports, inputs.adapter, contract), tasks, ports.progress)
    compared = (
        _compared(name, samples, [answers[name, sample.id] for sample in samples], found[name], len(asked[name]))
        for name, samples in own.items()
    )
    return HarnessReport(evaluation=evaluation, harness=ports.harness.version, benchmarks=tuple(compared))


def _with_choices(ports: Ports, benchmark: Benchmark, stored: EvaluationManifest) -> list[Sample]:
    inputs = stored.inputs
    if benchmark.scorer != "choice":
        return []
    samples = samples_of(ports, benchmark, ExamplesRef(inputs.examples), None, None)
    if asks_others(ports, benchmark, inputs):
        raise UsageError(f"{stored.ref} asked other questions than the files of {benchmark.name} have: evaluate again")
    return [sample for sample in samples if sample.choices]


def _choosing(sample: Sample, contract: ServingContract, ports: Ports) -> Choosing:
    right = sample.choices.index(sample.target)
    return Choosing(prompt_of(ports, contract, sample), contract.completions(sample.choices), right)


def _compared(name: str, samples: Sequence[Sample], answers: Sequence[str], found: Harnessed, asked: int) -> Compared:
    """Return both tools' figures; `asked`: the questions of the evaluation, with those that rules answered."""
    pairs = list(zip(samples, answers, found.chosen, strict=True))
    return Compared(
        benchmark=name,
        n=len(pairs),
        accuracy=found.accuracy,
        stderr=found.stderr,
        evaluated=sum(answer == sample.target for sample, answer, _ in pairs) / len(pairs),
        agreement=sum(answer == sample.choices[chosen] for sample, answer, chosen in pairs) / len(pairs),
        by_rule=asked - len(pairs),
    )
