"""A benchmark: what is asked and how answers are scored. One YAML file each in `medpipe/benchmarks/`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from medpipe.core.judging.evaluation import Sample


class Benchmark(BaseModel):
    """`scorer` names a function of `core.judging.scoring`. `questions` are its own items; a benchmark without any
    takes its samples from the examples (new-knowledge, old-knowledge, withdrawn) or the pairs (preferences)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    scorer: str
    summary: str
    higher_is_better: bool = True
    questions: tuple[str, ...] = ()

    def samples(self) -> tuple[Sample, ...]:
        """The benchmark's own questions as samples, each its own cluster."""
        return tuple(
            Sample(id=f"{self.name}-{number}", question=question, target="", cluster=str(number))
            for number, question in enumerate(self.questions, start=1)
        )
