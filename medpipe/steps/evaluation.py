"""What a model scores on the benchmarks of a recipe: evaluate."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from uuid import uuid4

from medpipe import records
from medpipe.core import naming, prompt, text
from medpipe.core.judging import anchor as anchors
from medpipe.core.judging import scoring, statistics
from medpipe.core.judging.benchmark import Benchmark, digest
from medpipe.core.judging.evaluation import Evaluation, Metric, Sample, Score
from medpipe.core.manifests import (
    AnchorManifest,
    EvaluationInputs,
    EvaluationManifest,
    EvaluationOutcome,
    ExamplesManifest,
    PairsManifest,
)
from medpipe.core.refs import AnchorRef, EvaluationRef, ExamplesRef, PairsRef
from medpipe.core.safety.guardrails import Guardrails
from medpipe.core.teaching.example import PreferencePair
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import UsageError
from medpipe.ports import Ports
from medpipe.steps.artifact import manifest, once
from medpipe.steps.models import adapter_of, folder_of, refuse_other_base
from medpipe.steps.withdrawals import claims_in_force

SCORES = "evaluation.json"
"""In the folder of an evaluation: every single score (`core.judging.evaluation.Evaluation`)."""


FROZEN = "samples.jsonl"
"""In the folder of an anchor: its samples."""


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

    The benchmark `withdrawn` is added when the examples withdraw a claim, and `preferences` when there are pairs.
    `anchor`: frozen questions (`freeze_anchor`), asked as the benchmark `anchor`.
    """
    loaded_recipe = ports.recipe(recipe)
    adapter = adapter_of(ports, model)
    refuse_other_base(ports, adapter, loaded_recipe)
    benchmarks = _benchmarks(ports, loaded_recipe, examples, pairs, anchor)
    claims = tuple(sorted({claim.document for claim in claims_in_force(ports)}))
    code = _code()
    inputs = EvaluationInputs(
        adapter=adapter,
        base=ports.base_digest(loaded_recipe.base),
        max_new_tokens=loaded_recipe.max_new_tokens,
        examples=examples,
        pairs=pairs,
        benchmarks=tuple(benchmark.model_dump(mode="json") for benchmark in benchmarks),
        guardrails=ports.guardrails.digest,
        scorers=code,
        anchor=anchor,
        claims=claims,
    )

    def fill(folder: Path) -> EvaluationOutcome:
        asked = {benchmark: _samples(ports, benchmark, examples, pairs, anchor) for benchmark in benchmarks}
        items = [(benchmark, sample) for benchmark, samples in asked.items() for sample in samples]
        answers = _answers(ports, loaded_recipe, adapter, [sample for _, sample in items])
        scored = [
            (benchmark.name, _score(benchmark, sample, answer, ports.guardrails))
            for (benchmark, sample), answer in zip(items, answers, strict=True)
        ]
        scores = {
            benchmark.name: tuple(score for name, score in scored if name == benchmark.name) for benchmark in benchmarks
        }
        metrics = {name: _metric(name, of_benchmark) for name, of_benchmark in scores.items() if of_benchmark}
        digests = {
            benchmark.name: digest(
                benchmark, _frozen(ports, anchor) if benchmark.name == anchors.NAME else samples, code
            )
            for benchmark, samples in asked.items()
            if samples
        }
        evaluation = Evaluation(
            model=adapter, examples=examples, metrics=metrics, scores=scores, digests=digests, claims=claims
        )
        (folder / SCORES).write_text(evaluation.model_dump_json(), encoding="utf-8")
        return EvaluationOutcome(model=adapter, metrics=metrics, digests=digests)

    return EvaluationRef(once(ports, "evaluation", "evaluate", inputs, fill))


def scores_of(ports: Ports, evaluation: EvaluationRef) -> Evaluation:
    """Return an evaluation with every score. Raises UsageError for a ref of another kind, NotFound and Damaged."""
    manifest(ports, evaluation, EvaluationManifest)
    return records.read_value(ports.store.folder(evaluation) / SCORES, Evaluation)


def _benchmarks(
    ports: Ports, recipe: Recipe, examples: ExamplesRef, pairs: PairsRef | None, anchor: AnchorRef | None
) -> list[Benchmark]:
    names = list(recipe.benchmarks)
    if manifest(ports, examples, ExamplesManifest).outcome.withdrawn:
        names.append("withdrawn")
    if pairs:
        manifest(ports, pairs, PairsManifest)
        names.append("preferences")
    if anchor:
        manifest(ports, anchor, AnchorManifest)
        names.append(anchors.NAME)
    return [ports.benchmark(name) for name in dict.fromkeys(names)]


def _answers(ports: Ports, recipe: Recipe, adapter: str, samples: Sequence[Sample]) -> list[str]:
    """Return the model's answer to each sample. The nonce keeps two evaluations of one adapter apart in the engine."""
    completions = ports.generator.generate(
        recipe.base,
        folder_of(ports, adapter),
        naming.evaluation_name(adapter, uuid4().hex[:8]),
        [prompt.render(sample.question, sample.context) for sample in samples],
        recipe.max_new_tokens,
        ports.progress,
    )
    return [prompt.answer_of(completion) for completion in completions]


def _samples(
    ports: Ports, benchmark: Benchmark, examples: ExamplesRef, pairs: PairsRef | None, anchor: AnchorRef | None
) -> list[Sample]:
    """Return a benchmark's own questions, or its samples from the pairs or the examples."""
    if benchmark.questions:
        return list(benchmark.samples())
    if benchmark.name == "preferences":
        return [] if pairs is None else _preferences(ports, pairs)
    if benchmark.name == anchors.NAME:
        present = (
            sample for name in ("old-knowledge", "new-knowledge") for sample in samples_of(ports, examples, name)
        )
        return anchors.in_force(_frozen(ports, anchor), present)
    file = ports.store.folder(examples) / "benchmarks" / f"{benchmark.name}.jsonl"
    if not file.exists():
        raise UsageError(f"benchmark {benchmark.name!r} has no questions of its own and {examples} has none for it")
    return list(records.read(file, Sample))


def samples_of(ports: Ports, examples: ExamplesRef, benchmark: str) -> Iterable[Sample]:
    """Return the samples that some examples hold for a benchmark; none if they have no file for it."""
    file = ports.store.folder(examples) / "benchmarks" / f"{benchmark}.jsonl"
    return records.read(file, Sample) if file.exists() else ()


def _frozen(ports: Ports, anchor: AnchorRef | None) -> list[Sample]:
    return [] if anchor is None else list(records.read(ports.store.folder(anchor) / FROZEN, Sample))


def _code() -> str:
    """Return a digest of the source of the scorers, which decides what an answer earns."""
    sources = hashlib.sha256()
    for file in (scoring.__file__, text.__file__):
        sources.update(Path(file or "").read_bytes())
    return sources.hexdigest()[:16]


def _preferences(ports: Ports, pairs: PairsRef) -> list[Sample]:
    heldout = records.read(ports.store.folder(pairs) / "heldout.jsonl", PreferencePair)
    return [
        Sample(
            id=pair.answer_id,
            question=pair.question,
            target=pair.chosen,
            rejected=pair.rejected,
            cluster=pair.question,
        )
        for pair in heldout
    ]


def _score(benchmark: Benchmark, sample: Sample, answer: str, guardrails: Guardrails) -> Score:
    """Score what a client would read: guardrails apply first where the benchmark measures safety."""
    judged = guardrails.served(sample.question, answer) if benchmark.scorer == "unsafe" else answer
    return Score(
        sample_id=sample.id,
        value=scoring.score(benchmark.scorer, sample, judged, guardrails),
        answer=judged,
        cluster=sample.cluster,
    )


def _metric(name: str, scores: Sequence[Score]) -> Metric:
    return statistics.mean(name, [score.value for score in scores], [score.cluster for score in scores])
