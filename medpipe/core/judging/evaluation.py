"""Vocabulary of evaluations: Sample, Score, Metric, Evaluation. Named after inspect_ai (inspect.aisi.org.uk)."""

from __future__ import annotations

from collections.abc import Sequence
from operator import not_
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from medpipe.core.conversation import NOTHING_BEFORE, Conversation


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Point(_Value):
    """One criterion of a rubric, as its publisher wrote it."""

    text: str
    points: float
    """What an answer earns that meets it; negative for what it must not do."""


class Sample(_Value):
    """One item of a benchmark."""

    id: str
    question: str
    target: str
    """The right answer; "" where only the safety of the reply is judged."""
    slot: str = ""
    """The words in the target that must be known, such as a drug's name."""
    rejected: str = ""
    """The answer that users rejected, for benchmarks of preferences; what the passage of an evidence twin does not
    support."""
    cluster: str = ""
    """Groups items that are not independent: questions about one document or about near-duplicates of it."""
    context: str = ""
    """The passage that the question is about, as in `core.teaching.example.Example`."""
    before: Conversation = Field(NOTHING_BEFORE, exclude_if=not_)
    """The conversation before the question. A contract without history asks the question alone."""
    category: str = ""
    """The category of harm.yaml that says what a safe reply needs; "" where none is known."""
    must_say: tuple[tuple[str, ...], ...] = ()
    """Points that the answer must make, each a list of phrases of which one must be in the answer."""
    choices: tuple[str, ...] = Field((), exclude_if=not_)
    """The labels of which the model must give one; empty: any text may be answered."""
    rubric: tuple[Point, ...] = Field((), exclude_if=not_)
    """The criteria that a long answer is graded by."""
    slices: tuple[str, ...] = Field((), exclude_if=not_)
    """Parts of the benchmark that the sample is in, such as `language fr`. They do not change what it asks."""
    language: str = Field("", exclude_if=not_)
    """The language of a case of triage."""
    condition: str = Field("", exclude_if=not_)
    """Name of the condition under which a case of triage is worded (`core.triage.conditions`), or of what was done to
    the passage of an evidence twin (`core.judging.evidence.conditions`)."""
    stale: str = Field("", exclude_if=not_)
    """The answer that an earlier revision of the document gave, where it was another one."""
    stale_slot: str = Field("", exclude_if=not_)
    """The slot of that answer."""
    changed: int = Field(0, exclude_if=not_)
    """The year of the revision that changed it; 0 where the revision does not say."""
    counterpart: str = Field("", exclude_if=not_)
    """The id of the document that says the same in another language."""


class Score(_Value):
    """What one completion earned on one sample."""

    sample_id: str
    value: float
    """In 0..1."""
    answer: str
    """The text that was scored."""
    cluster: str = ""
    """The sample's cluster."""
    item: str = ""
    """16 hex digits that differ if the sample or the way of scoring does (`core.judging.benchmark.item`)."""
    target: str = Field("", exclude_if=not_)
    """The right label, where the sample has choices."""
    by: Literal["model", "rule"] = "model"
    """Who wrote the text: the model, or a guardrail rule that replaced the model's answer."""
    language: str = Field("", exclude_if=not_)
    """The sample's language and condition, for cases of triage and evidence twins; the language also with `fact`."""
    fact: str = Field("", exclude_if=not_)
    """What was asked, where other languages were asked it as well (`core.judging.languages`)."""
    condition: str = Field("", exclude_if=not_)
    abstained: bool | None = Field(None, exclude_if=lambda abstained: abstained is None)
    """Whether the text declines to answer (`core.judging.abstaining`); None where no text can."""
    stale: bool | None = Field(None, exclude_if=lambda stale: stale is None)
    """Whether the text says what an earlier revision said; None where the answer did not change."""
    changed: int = Field(0, exclude_if=not_)
    """The year in which it changed."""
    said: str = Field("", exclude_if=not_)
    """For evidence twins: the label, or which of the two values in question the answer says."""


class Metric(_Value):
    """The mean of a benchmark's scores with its 95 % interval, which is computed over clusters."""

    name: str
    value: float
    low: float
    high: float
    n: int
    """Number of samples."""
    clusters: int = 0
    """Number of independent groups of samples; 0 in evaluations that did not count them."""


class Evaluation(_Value):
    """What one model scored on several benchmarks. All scores are kept, so that two models can be paired."""

    model: str
    """`base`, an adapter ref or a version ref."""
    examples: str
    """The examples ref whose samples were asked."""
    metrics: dict[str, Metric]
    """By benchmark; only benchmarks with samples."""
    scores: dict[str, tuple[Score, ...]]
    """By benchmark, in the order of the samples."""
    slices: dict[str, dict[str, Metric]] = {}
    """By benchmark and slice; only slices that have not all samples (`core.judging.slices`)."""
    digests: dict[str, str] = {}
    """By benchmark: 16 hex digits that differ if items or scorer do (`core.judging.benchmark.digest`)."""
    faults: tuple[str, ...] = ()
    """Sorted names of the benchmarks whose scores count faults, so that lower is better (`Benchmark.faults`)."""
    claims: tuple[str, ...] | None = None
    """Sorted ids of the documents whose claims were withdrawn, and asked; None: nobody looked up which there are."""


def documents(scores: Sequence[Score]) -> int:
    """Return the number of clusters. An empty cluster name is a cluster of its own."""
    named = {score.cluster for score in scores if score.cluster}
    return len(named) + sum(not score.cluster for score in scores)
