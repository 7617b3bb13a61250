"""Answers for clinicians to rate: sample_answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from medpipe import records
from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.judging.evaluation import Evaluation, Sample, Score
from medpipe.core.judging.rating.sheet import Candidate, Keyed, Shown, blinded, drawn, precision
from medpipe.core.judging.rating.spreadsheet import LONGEST, csv_of, jsonl_of
from medpipe.core.manifests import EvaluationManifest, SheetInputs, SheetOutcome
from medpipe.core.refs import AnchorRef, EvaluationRef, ExamplesRef, SheetRef
from medpipe.errors import UsageError
from medpipe.ports import Ports
from medpipe.steps.artifact import manifest, once
from medpipe.steps.evaluation import scores_of
from medpipe.steps.samples import PREFERENCES, WITHDRAWN, asks_others, samples_of

FOR_RATERS = "for-raters"
"""The folder of an artifact that raters get a copy of. What is beside it they must not see."""
ANSWERS, KEY = "answers.jsonl", "key.jsonl"
"""In the folder of a sheet: what raters see, and what they must not see."""
_UNFIT = {
    WITHDRAWN: "asks for claims that must not be asserted: the gate `absent` judges them",
    PREFERENCES: "asks what users asked, which nobody else may be shown",
}
"""Benchmark → why its answers are not given to raters."""


def sample_answers(
    evaluations: tuple[EvaluationRef, ...],
    benchmarks: tuple[str, ...],
    size: int = 100,
    controls: int = 10,
    seed: int = 0,
    *,
    ports: Ports,
) -> SheetRef:
    """Draw answers for clinicians to rate: the same questions of each evaluation, blinded and in random order.

    `evaluations`: such as the challenger's and the champion's. `size`: number of questions, stratified by risk, source
    and language; the manifest says how narrow an interval it buys. `controls`: answers to wrong questions, put in
    between. `seed`: another one draws another sample. Questions with labels, and answers that a guardrail rule gave,
    are left out. Give each rater a copy of the artifact's folder `for-raters`. Raises UsageError for evaluations that
    were not asked the same.
    """
    if not evaluations or len(set(evaluations)) < len(evaluations) or not benchmarks:
        raise UsageError("name the evaluations, each once, and the benchmarks whose answers are to be rated")
    if size < 2 or controls < 0:
        raise UsageError(f"size={size}, controls={controls}: draw two questions or more, and no fewer than 0 controls")
    policy = ports.rating_policy
    inputs = SheetInputs(
        evaluations=evaluations,
        benchmarks=tuple(sorted(set(benchmarks))),
        size=size,
        controls=controls,
        seed=seed,
        guardrails=ports.guardrails.digest,
        rubric=policy.model_dump(mode="json")["rubric"],
    )
    candidates, left_out = candidates_of(inputs, ports)
    if not candidates:
        reasons = ", ".join(f"{reason}: {count}" for reason, count in left_out.items()) or "none was asked"
        raise UsageError(f"no question of {', '.join(inputs.benchmarks)} has answers that can be rated ({reasons})")

    def fill(folder: Path) -> SheetOutcome:
        chosen = drawn(candidates, size, seed)
        sheet = blinded(chosen, controls, seed)
        records.write(folder / ANSWERS, sheet.shown)
        records.write(folder / KEY, sheet.key)
        write_for_raters(folder, sheet.shown, policy.in_words())
        bought = precision(one.cluster for one in chosen)
        return SheetOutcome(
            questions=len(chosen),
            answers=sum(bool(row.places) for row in sheet.key),
            controls=sum(not row.places for row in sheet.key),
            of_questions=len(candidates),
            strata=dict(sorted(Counter(" ".join(filter(None, one.stratum)) for one in chosen).items())),
            left_out=left_out,
            half_width=bought.half_width,
            rules_out=bought.rules_out,
        )

    return SheetRef(once(ports, "sheet", "sample_answers", inputs, fill))


def write_for_raters(folder: Path, answers: Sequence[Shown], rubric: str) -> None:
    """Write what raters need: the answers as CSV for a spreadsheet and as JSON Lines, and the rubric in words."""
    place = folder / FOR_RATERS
    place.mkdir()
    for name, text in {
        "sheet.csv": csv_of(answers),
        "sheet.jsonl": "".join(f"{line}\n" for line in jsonl_of(answers)),
        "rubric.md": rubric,
    }.items():
        (place / name).write_text(text, encoding="utf-8", newline="")


def shown_on(ports: Ports, sheet: SheetRef) -> dict[str, Shown]:
    """Return what raters see, by id, in the order of the sheet."""
    return {row.id: row for row in records.read(ports.store.folder(sheet) / ANSWERS, Shown)}


def key_of(ports: Ports, sheet: SheetRef) -> dict[str, Keyed]:
    """Return where each answer of a sheet came from, by id."""
    return {row.id: row for row in records.read(ports.store.folder(sheet) / KEY, Keyed)}


def candidates_of(inputs: SheetInputs, ports: Ports) -> tuple[list[Candidate], dict[str, int]]:
    """Return every question that could be drawn, with the answers, and how many could not be, by reason.

    Raises UsageError for a benchmark whose answers are not rated, and for evaluations that were not asked the same.
    """
    stored = {ref: manifest(ports, ref, EvaluationManifest) for ref in inputs.evaluations}
    first = stored[inputs.evaluations[0]]
    known = {benchmark.name: benchmark for benchmark in map(Benchmark.model_validate, first.inputs.benchmarks)}
    for name in inputs.benchmarks:
        if name in _UNFIT:
            raise UsageError(f"the benchmark {name!r} {_UNFIT[name]}: name others")
        if len({one.outcome.digests.get(name) for one in stored.values()}) > 1 or name not in first.outcome.digests:
            raise UsageError(
                f"{' and '.join(inputs.evaluations)} were not all asked the same questions of {name!r}: evaluate the "
                "models on the same examples, by recipes that name the benchmark"
            )
        if asks_others(ports, known[name], first.inputs):
            raise UsageError(f"the published questions of {name!r} are others today than {first.ref} was asked")
    evaluations = {ref: scores_of(ports, EvaluationRef(ref)) for ref in inputs.evaluations}
    left_out = Counter[str]()
    candidates = [
        candidate
        for name in inputs.benchmarks
        for candidate in _candidates(name, _samples(ports, known[name], first), evaluations, ports, left_out)
    ]
    return candidates, dict(sorted(left_out.items()))


def _samples(ports: Ports, benchmark: Benchmark, evaluation: EvaluationManifest) -> list[Sample]:
    examples, anchor = ExamplesRef(evaluation.inputs.examples), evaluation.inputs.anchor
    return samples_of(ports, benchmark, examples, None, AnchorRef(anchor) if anchor else None)


def _candidates(
    benchmark: str,
    samples: Sequence[Sample],
    evaluations: Mapping[str, Evaluation],
    ports: Ports,
    left_out: Counter[str],
) -> Iterator[Candidate]:
    """Yield the questions of a benchmark that can be drawn; count the others in `left_out`."""
    scores = {
        ref: {score.sample_id: score for score in evaluation.scores.get(benchmark, ())}
        for ref, evaluation in evaluations.items()
    }
    for sample in samples:
        given = {ref: by_sample[sample.id] for ref, by_sample in scores.items() if sample.id in by_sample}
        if reason := _unfit(sample, list(given.values()), len(evaluations)):
            left_out[reason] += 1
            continue
        yield Candidate(
            benchmark=benchmark,
            sample=sample.id,
            cluster=sample.cluster or f"{benchmark} {sample.id}",
            question=sample.question,
            context=sample.context,
            stratum=_stratum(sample, ports),
            answers={ref: score.answer for ref, score in given.items()},
        )


def _unfit(sample: Sample, given: Sequence[Score], models: int) -> str:
    """Return why the answers to a question are not rated, or ""."""
    if sample.choices:
        return "has labels"
    if len(given) < models:
        return "not answered by every model"
    if any(score.by == "rule" for score in given):
        return "answered by a guardrail rule"
    texts = (sample.question, sample.context, *(score.answer for score in given))
    return "too long for a cell" if max(map(len, texts)) > LONGEST else ""


def _stratum(sample: Sample, ports: Ports) -> tuple[str, ...]:
    """Return risk, source and language of a question, as far as they are known."""
    high = sample.category or ports.guardrails.screen(sample.question).risk == "high"
    named = (
        next((name for name in sample.slices if name.startswith(f"{part} ")), "") for part in ("source", "language")
    )
    return ("high risk" if high else "ordinary risk", *named)
