"""What a model scores on the benchmarks of a recipe: evaluate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import uuid4

from medpipe import code_digest, records
from medpipe.core import naming
from medpipe.core.contract import ServingContract
from medpipe.core.judging import anchor as anchors
from medpipe.core.judging import languages, scoring, slices, statistics
from medpipe.core.judging.abstaining import abstains
from medpipe.core.judging.benchmark import Benchmark, digest, item
from medpipe.core.judging.evaluation import Evaluation, Metric, Sample, Score
from medpipe.core.judging.evidence.answers import said
from medpipe.core.judging.figures import figures
from medpipe.core.judging.labels import labelled
from medpipe.core.judging.staleness import is_stale
from medpipe.core.manifests import (
    AnchorManifest,
    EvaluationInputs,
    EvaluationManifest,
    EvaluationOutcome,
    ExamplesManifest,
    PairsManifest,
)
from medpipe.core.refs import AnchorRef, EvaluationRef, ExamplesRef, PairsRef, digest_of
from medpipe.core.sampling import Sampling
from medpipe.core.teaching.care import Part
from medpipe.core.teaching.recipe import Recipe
from medpipe.core.teaching.samples import withdrawn_samples
from medpipe.errors import ConfigError
from medpipe.ports import Generator, Ports
from medpipe.steps.artifact import manifest, once
from medpipe.steps.contract import contract_of, prompt_of
from medpipe.steps.models import adapter_of, beside, refuse_other_base
from medpipe.steps.samples import PREFERENCES, WITHDRAWN, frozen, samples_of
from medpipe.steps.unerased import Unerased
from medpipe.steps.withdrawals import claims_in_force

SCORES = "evaluation.json"
"""In the folder of an evaluation: every single score (`core.judging.evaluation.Evaluation`)."""
EVIDENCE = "evidence"
"""The scorer of benchmarks whose passages are changed."""
SCORERS = ("core.judging.scoring", "core.safety.guardrails", "core.safety.harm")
"""The modules that decide what an answer earns; the policies are beside them."""


def evaluate(
    model: str,
    recipe: str,
    examples: ExamplesRef,
    pairs: PairsRef | None = None,
    anchor: AnchorRef | None = None,
    *,
    ports: Ports,
) -> EvaluationRef:
    """Ask a model (`base`, an adapter or a version) every benchmark of a recipe, in the way in which it would serve.

    The benchmark `withdrawn` is added when the register has claims in force, and asks all of them, whatever the
    examples are and whatever plan judges the model. `preferences` is added when there are pairs.
    `anchor`: frozen questions (`freeze_anchor`), asked as the benchmark `anchor`.
    """
    return evaluated(ports, model, recipe, examples, pairs, anchor)


def evaluated(
    ports: Ports,
    model: str,
    recipe: str,
    examples: ExamplesRef,
    pairs: PairsRef | None = None,
    anchor: AnchorRef | None = None,
    without: tuple[Part, ...] = (),
) -> EvaluationRef:
    """Return an evaluation as `evaluate` does. `without`: parts of the recipe's care that the model is not told."""
    loaded_recipe, unerased = ports.recipe(recipe), Unerased(ports, pairs)
    adapter = adapter_of(ports, model)
    refuse_other_base(ports, adapter, loaded_recipe)
    claims = claims_in_force(ports)
    withdrawn = withdrawn_samples(claims, contexts=True)  # the contract leaves passages out if it has none
    benchmarks = _benchmarks(ports, loaded_recipe, examples, pairs, anchor, bool(claims))
    contract = contract_of(ports, model, loaded_recipe, without)
    _refuse_without_passages(model, contract, benchmarks)
    documents = tuple(sorted({claim.document for claim in claims}))
    code = scorers_digest()
    ways = {benchmark.name: _way(benchmark, code, ports) for benchmark in benchmarks}
    inputs = EvaluationInputs(
        adapter=adapter,
        contract=contract,
        generator=ports.generator.name,
        examples=examples,
        pairs=pairs,
        benchmarks=tuple(benchmark.model_dump(mode="json") for benchmark in benchmarks),
        harm=ports.harm.digest,
        scorers=code,
        anchor=anchor,
        data={row.name: ports.published(row.data).digest for row in benchmarks if row.data},
        claims=documents,
        probes=digest_of([sample.model_dump(mode="json") for sample in withdrawn]) if withdrawn else "",
        without=without,
    )

    def fill(folder: Path) -> EvaluationOutcome:
        asked = {
            benchmark: withdrawn
            if benchmark.name == WITHDRAWN
            else samples_of(ports, benchmark, examples, pairs, anchor)
            for benchmark in benchmarks
        }
        _refuse_without_conversations(model, contract, asked)
        evaluation = _evaluation(asked, ways, inputs, ports)
        (folder / SCORES).write_text(evaluation.model_dump_json(), encoding="utf-8")
        return EvaluationOutcome(
            model=adapter,
            metrics=evaluation.metrics,
            labels=labelled(evaluation.scores),
            figures=figures(evaluation.scores),
            digests=evaluation.digests,
            claims=evaluation.claims,
        )

    return EvaluationRef(once(ports, "evaluation", "evaluate", inputs, fill, unerased))


def _evaluation(
    asked: Mapping[Benchmark, Sequence[Sample]], ways: Mapping[str, str], inputs: EvaluationInputs, ports: Ports
) -> Evaluation:
    """Ask every sample and return what it earned. `ways`: for each benchmark, the digest of how it is scored."""
    scores = _scores(asked, ways, inputs, ports)
    anchor = AnchorRef(inputs.anchor) if inputs.anchor else None
    digests = {
        benchmark.name: digest(
            benchmark,
            frozen(ports, anchor) if benchmark.name == anchors.NAME else samples,
            ways[benchmark.name],
        )
        for benchmark, samples in asked.items()
        if samples
    }
    return Evaluation(
        model=inputs.adapter,
        examples=inputs.examples,
        metrics=means(scores),
        scores=scores,
        slices={
            benchmark.name: by_slice
            for benchmark, samples in asked.items()
            if (by_slice := slices.means(benchmark.name, samples, scores[benchmark.name]))
        },
        digests=digests,
        faults=tuple(sorted(benchmark.name for benchmark in asked if benchmark.faults)),
        claims=inputs.claims,
    )


def _scores(
    asked: Mapping[Benchmark, Sequence[Sample]], ways: Mapping[str, str], inputs: EvaluationInputs, ports: Ports
) -> dict[str, tuple[Score, ...]]:
    items = [(benchmark, sample) for benchmark, samples in asked.items() for sample in samples]
    told = {benchmark: languages.told(samples) for benchmark, samples in asked.items()}
    answers = answers_to([sample for _, sample in items], ports, ports.generator, inputs.contract, inputs.adapter)
    scores: dict[str, list[Score]] = {benchmark.name: [] for benchmark in asked}
    for (benchmark, sample), answer in zip(items, answers, strict=True):
        earned = score_of(benchmark, sample, answer, ports)
        update = {"item": item(benchmark, sample, ways[benchmark.name])}
        update |= told[benchmark][sample.id]._asdict() if sample.id in told[benchmark] else {}
        scores[benchmark.name].append(earned.model_copy(update=update))
    return {name: tuple(earned) for name, earned in scores.items()}


def scores_of(ports: Ports, evaluation: EvaluationRef) -> Evaluation:
    """Return an evaluation with every score. Raises UsageError for a ref of another kind, NotFound and Damaged."""
    manifest(ports, evaluation, EvaluationManifest)
    return records.read_value(ports.store.folder(evaluation) / SCORES, Evaluation)


def _benchmarks(
    ports: Ports,
    recipe: Recipe,
    examples: ExamplesRef,
    pairs: PairsRef | None,
    anchor: AnchorRef | None,
    claims: bool,
) -> list[Benchmark]:
    manifest(ports, examples, ExamplesManifest)
    names = list(recipe.benchmarks)
    if claims:
        names.append(WITHDRAWN)
    if pairs:
        manifest(ports, pairs, PairsManifest)
        names.append(PREFERENCES)
    if anchor:
        manifest(ports, anchor, AnchorManifest)
        names.append(anchors.NAME)
    return [ports.benchmark(name) for name in dict.fromkeys(names)]


def _refuse_without_passages(model: str, contract: ServingContract, benchmarks: Sequence[Benchmark]) -> None:
    """Raise ConfigError for a benchmark of passages that the prompts of a contract have no place for."""
    about = [benchmark.name for benchmark in benchmarks if benchmark.scorer == EVIDENCE]
    if about and not contract.context:
        raise ConfigError(
            f"{', '.join(about)} asks about passages, and {model} is asked without any: set the recipe's data.contexts "
            "to true, or leave the benchmark out of its `benchmarks`"
        )


def _refuse_without_conversations(
    model: str, contract: ServingContract, asked: Mapping[Benchmark, Sequence[Sample]]
) -> None:
    """Raise ConfigError for a contract with bounded turns that no sample has: they would be served and never judged."""
    if contract.max_prompt_tokens and not any(sample.before for samples in asked.values() for sample in samples):
        raise ConfigError(
            f"{model} is served with earlier turns of conversations, and no benchmark has any: add `conversations` to "
            "the recipe's `benchmarks`, or leave max_prompt_tokens out"
        )


def answers_to(
    samples: Sequence[Sample],
    ports: Ports,
    generator: Generator,
    contract: ServingContract,
    adapter: str,
    sampling: Sampling | None = None,
) -> list[str]:
    """Return what a generator answers to each sample under a contract: one of its choices, where it has any.

    `sampling`: how answers without choices are drawn at random; None: greedily, as a version serves.

    A prompt that occurs twice is generated once. The nonce keeps two evaluations of one adapter apart in the engine.
    """
    asked = [(prompt_of(ports, contract, sample), contract.completions(sample.choices)) for sample in samples]
    distinct = list(dict.fromkeys(asked))
    completions = generator.generate(
        contract.base,
        beside(ports, adapter, contract),
        naming.evaluation_name(adapter, uuid4().hex[:8]),
        [prompt for prompt, _ in distinct],
        contract.ending(),
        ports.progress,
        [choices for _, choices in distinct],
        **({} if sampling is None else {"sampling": sampling}),
    )
    answers = dict(zip(distinct, map(contract.answer_of, completions), strict=True))
    return [answers[one] for one in asked]


def scorers_digest() -> str:
    """Return a digest of the code of the scorers and of what they call, which decides what an answer earns."""
    return code_digest.of_modules(*SCORERS)


def _way(benchmark: Benchmark, code: str, ports: Ports) -> str:
    """Return a digest of all that decides what an answer earns beside benchmark and sample: code, and policies."""
    if benchmark.scorer not in scoring.POLICY_SCORERS and benchmark.through == "model":
        return code
    return digest_of([code, ports.harm.digest, ports.guardrails.digest])


def score_of(benchmark: Benchmark, sample: Sample, answer: str, ports: Ports) -> Score:
    """Score the model's text, or what a client would read where the benchmark goes through the service."""
    replacement = ports.guardrails.replacement(sample.question, answer) if benchmark.through == "service" else ""
    judged = replacement or answer
    may_abstain = benchmark.scorer in scoring.OF_KNOWLEDGE and not sample.choices
    return Score(
        sample_id=sample.id,
        value=scoring.score(benchmark.scorer, sample, judged, ports.guardrails, ports.harm),
        answer=judged,
        cluster=sample.cluster,
        target=sample.target if sample.choices else "",
        language=sample.language,
        condition=sample.condition,
        abstained=abstains(sample, judged, ports.guardrails, ports.harm) if may_abstain else None,
        stale=is_stale(sample, judged) if sample.stale else None,
        changed=sample.changed,
        said=said(sample, judged) if benchmark.scorer == EVIDENCE else "",
        by="rule" if replacement else "model",
    )


def means(scores: Mapping[str, Sequence[Score]]) -> dict[str, Metric]:
    """Return the mean of each benchmark that has scores."""
    return {
        name: statistics.mean(name, [score.value for score in given], [score.cluster for score in given])
        for name, given in scores.items()
        if given
    }
