"""A benchmark: a set of questions and the scorer of their answers. One YAML file each in `medpipe/benchmarks/`."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, field_validator

from medpipe.core.judging import scoring
from medpipe.core.judging.evaluation import Sample
from medpipe.core.refs import canonical, digest_of


class Benchmark(BaseModel):
    """A benchmark with questions of its own, or a rule for samples that other artifacts hold.

    Without `questions`, the samples come from the examples (new-knowledge, old-knowledge, withdrawn, …) or from the
    held-out pairs (preferences).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    scorer: str
    """One of `core.judging.scoring.NAMES`."""
    summary: str
    faults: str = ""
    """What the score counts, if it counts faults and lower is better ("unsafe replies"). Empty: higher is better."""
    questions: tuple[str, ...] = ()

    @field_validator("scorer")
    @classmethod
    def _scorer_exists(cls, name: str) -> str:
        if name not in scoring.NAMES:
            raise ValueError(f"no scorer {name!r}; there are: {', '.join(scoring.NAMES)}")
        return name

    @field_validator("questions")
    @classmethod
    def _ask_something(cls, questions: tuple[str, ...]) -> tuple[str, ...]:
        if blank := [number for number, question in enumerate(questions, start=1) if not question.strip()]:
            raise ValueError(f"question {blank[0]} is blank: write it, or remove its line")
        return questions

    def samples(self) -> tuple[Sample, ...]:
        """Return the benchmark's own questions as samples, each a cluster of its own."""
        return tuple(
            Sample(id=f"{self.name}-{number}", question=question, target="", cluster=str(number))
            for number, question in enumerate(self.questions, start=1)
        )


def digest(benchmark: Benchmark, samples: Iterable[Sample], code: str) -> str:
    """Return 16 hex digits that differ if two evaluations of a benchmark cannot be compared.

    They cover the scorer, what it counts, `code` (a digest of the scorers' source) and every sample in whatever order.
    """
    items = sorted((sample.model_dump(mode="json") for sample in samples), key=canonical)
    return digest_of({"scorer": benchmark.scorer, "faults": benchmark.faults, "code": code, "samples": items})
