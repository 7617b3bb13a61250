"""The samples of each benchmark: its own questions, what the examples hold for it, held-out pairs, or the anchor."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from medpipe import records
from medpipe.core.judging import anchor as anchors
from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.judging.evaluation import Sample
from medpipe.core.manifests import EvaluationInputs
from medpipe.core.refs import AnchorRef, ExamplesRef, PairsRef, digest_of
from medpipe.core.teaching import evidence_twins
from medpipe.core.teaching.example import PreferencePair
from medpipe.core.teaching.triage_samples import triage_samples
from medpipe.errors import SourceError, UsageError
from medpipe.ports import Ports

WITHDRAWN = "withdrawn"
"""The benchmark of the claims that are withdrawn when a model is evaluated."""
_HELD = ("new-knowledge", "old-knowledge", "after-cut-off", "unseen")
"""The benchmarks whose questions are asked again with changed passages."""
PREFERENCES = "preferences"
"""The benchmark of the pairs that are held out."""
HELDOUT = "heldout.jsonl"
"""In the folder of pairs: those that are never taught."""
FROZEN = "samples.jsonl"
"""In the folder of an anchor: its samples."""


def samples_of(
    ports: Ports, benchmark: Benchmark, examples: ExamplesRef, pairs: PairsRef | None, anchor: AnchorRef | None
) -> list[Sample]:
    """Return a benchmark's questions: its publisher's, its own with what the examples hold for it, or the pairs'."""
    if benchmark.data:
        return list(ports.published(benchmark.data).samples)
    if benchmark.cases:
        return list(triage_samples(benchmark.name, benchmark.cases, ports.guardrails.red_flags))
    if benchmark.name == evidence_twins.NAME:
        return list(
            evidence_twins.evidence_twins(chain.from_iterable(held_in(ports, examples, name) for name in _HELD))
        )
    if benchmark.questions:
        return [*benchmark.samples(), *held_in(ports, examples, benchmark.name)]
    if benchmark.name == PREFERENCES:
        return [] if pairs is None else _preferences(ports, pairs)
    if benchmark.name == anchors.NAME:
        present = (sample for name in ("old-knowledge", "new-knowledge") for sample in held_in(ports, examples, name))
        return anchors.in_force(frozen(ports, anchor), present)
    file = ports.store.folder(examples) / "benchmarks" / f"{benchmark.name}.jsonl"
    if not file.exists():
        raise UsageError(f"benchmark {benchmark.name!r} has no questions of its own and {examples} has none for it")
    return list(records.read(file, Sample))


def held_in(ports: Ports, examples: ExamplesRef, benchmark: str) -> Iterable[Sample]:
    """Return the samples that some examples hold for a benchmark; none if they have no file for it."""
    file = ports.store.folder(examples) / "benchmarks" / f"{benchmark}.jsonl"
    return records.read(file, Sample) if file.exists() else ()


def frozen(ports: Ports, anchor: AnchorRef | None) -> list[Sample]:
    """Return the samples of an anchor; none without one."""
    return [] if anchor is None else list(records.read(ports.store.folder(anchor) / FROZEN, Sample))


def _preferences(ports: Ports, pairs: PairsRef) -> list[Sample]:
    heldout = records.read(ports.store.folder(pairs) / HELDOUT, PreferencePair)
    return [
        Sample(
            id=pair.answer_id,
            question=pair.question,
            target=pair.chosen,
            rejected=pair.rejected,
            cluster=digest_of(pair.question),  # the evaluation keeps clusters, and a question is what a person wrote
        )
        for pair in heldout
        if not pair.erased
    ]


def asks_others(ports: Ports, benchmark: Benchmark, inputs: EvaluationInputs) -> bool:
    """Return whether the published questions that an evaluation asked are not at hand any more."""
    if not benchmark.data:
        return False
    try:
        return ports.published(benchmark.data).digest != inputs.data.get(benchmark.name)
    except SourceError:
        return True
