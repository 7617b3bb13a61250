"""Evaluation vocabulary, after inspect_ai: Sample, Completion, Score, Metric, Evaluation."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Sample(_Value):
    """One item of a benchmark. `cluster` groups items that are not independent (same document or twins of it).

    `context` is the passage that the question is about, as in `core.teaching.example.Example`.
    """

    id: str
    question: str
    target: str
    slot: str = ""
    rejected: str = ""
    cluster: str = ""
    context: str = ""


class Score(_Value):
    """What one completion earned on one sample: `value` in 0..1."""

    sample_id: str
    value: float
    answer: str
    cluster: str = ""


class Metric(_Value):
    """A mean with its 95 % interval. `n` counts samples, the interval is over clusters."""

    name: str
    value: float
    low: float
    high: float
    n: int


class Evaluation(_Value):
    """What one model scored on some benchmarks: all scores are kept, so that comparison is paired."""

    model: str
    """`base`, an adapter ref or a version ref."""
    examples: str
    metrics: dict[str, Metric]
    scores: dict[str, tuple[Score, ...]]
