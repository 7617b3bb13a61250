"""A benchmark: a set of questions and the scorer of their answers. One YAML file each in `medpipe/benchmarks/`."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from medpipe.core.judging import scoring
from medpipe.core.judging.evaluation import Sample


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
    questions: tuple[Annotated[str, Field(pattern=r"\S")], ...] = ()

    @field_validator("scorer")
    @classmethod
    def _scorer_exists(cls, name: str) -> str:
        if name not in scoring.NAMES:
            raise ValueError(f"no scorer {name!r}; there are: {', '.join(scoring.NAMES)}")
        return name

    def samples(self) -> tuple[Sample, ...]:
        """Return the benchmark's own questions as samples, each a cluster of its own."""
        return tuple(
            Sample(id=f"{self.name}-{number}", question=question, target="", cluster=str(number))
            for number, question in enumerate(self.questions, start=1)
        )
