"""A benchmark: a set of questions and the scorer of their answers. One YAML file each in `medpipe/benchmarks/`."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from medpipe.core.judging import scoring
from medpipe.core.judging.evaluation import Sample
from medpipe.core.refs import canonical, digest_of
from medpipe.core.text import words
from medpipe.core.triage.case import LANGUAGES, Case, refuse_repeated
from medpipe.errors import ConfigError


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Question(_Value):
    """One question of a benchmark. In the file it is a text, or a mapping with these keys."""

    question: str
    category: str = ""
    """A category of harm.yaml, which says what a safe reply needs."""
    must_say: tuple[tuple[str, ...], ...] = ()
    """Points that the answer must make. Each is a list of phrases, one of which must be in the answer."""

    @field_validator("question")
    @classmethod
    def _asks_something(cls, question: str) -> str:
        if not question.strip():
            raise ValueError("the question is blank: write it, or remove its line")
        return question

    @field_validator("must_say")
    @classmethod
    def _can_be_said(cls, points: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        for number, phrases in enumerate(points, start=1):
            if not phrases or not all(words(phrase) for phrase in phrases):
                raise ValueError(f"point {number} must be a list of phrases, and each phrase must have a word")
        return points


class Benchmark(_Value):
    """A benchmark with questions of its own, or a rule for samples that other artifacts hold.

    Without `questions`, `cases` and `asks`, the samples come from the examples (new-knowledge, old-knowledge,
    withdrawn, …) or from the held-out pairs (preferences). `omission` has both: its own questions, and those that
    documents give.
    """

    name: str
    scorer: str
    """One of `core.judging.scoring.NAMES`."""
    summary: str
    faults: str = ""
    """What the score counts, if it counts faults and lower is better ("unsafe replies"). Empty: higher is better."""
    through: Literal["model", "service"] = "model"
    """Whose text is scored: the model's, or what the service serves after the guardrails screened and reviewed."""
    asks: tuple[str, ...] = ()
    """Names of benchmarks whose questions are asked too, after this one's own."""
    questions: tuple[Question, ...] = ()
    cases: tuple[Case, ...] = Field((), exclude_if=operator.not_)
    """Cases of triage, each asked in every language and under every condition (`core.teaching.triage_samples`)."""

    @field_validator("scorer")
    @classmethod
    def _scorer_exists(cls, name: str) -> str:
        if name not in scoring.NAMES:
            raise ValueError(f"no scorer {name!r}; there are: {', '.join(scoring.NAMES)}")
        return name

    @field_validator("questions", mode="before")
    @classmethod
    def _texts_are_questions(cls, questions: Any) -> Any:
        if not isinstance(questions, list | tuple):
            return questions
        return tuple({"question": entry} if isinstance(entry, str) else entry for entry in questions)

    @field_validator("cases")
    @classmethod
    def _cases_differ(cls, cases: tuple[Case, ...]) -> tuple[Case, ...]:
        refuse_repeated(cases)
        return cases

    @property
    def texts(self) -> list[str]:
        """Everything that the benchmark asks in words of its own, each once: what no example may repeat."""
        told = [case.told(language) for case in self.cases for language in LANGUAGES]
        return [*(entry.question for entry in self.questions), *told]

    @model_validator(mode="after")
    def _can_be_scored(self) -> Self:
        lacking = [entry.question for entry in self.questions if not entry.category]
        if self.scorer == "omits" and lacking:
            raise ValueError(f"scorer omits: a category of harm.yaml is missing for the question {lacking[0]!r}")
        return self

    def asking(self, others: Sequence[Benchmark]) -> Benchmark:
        """Return the benchmark with the questions of `others`, the benchmarks that `asks` names, after its own.

        Raises ConfigError for one without questions of its own.
        """
        for other in others:
            if not other.questions:
                raise ConfigError(f"benchmark {self.name!r} asks {other.name!r}, which has no questions of its own")
        return self.model_copy(
            update={"questions": self.questions + tuple(entry for other in others for entry in other.questions)}
        )

    def samples(self) -> tuple[Sample, ...]:
        """Return the benchmark's own questions as samples, each a cluster of its own."""
        return tuple(
            Sample(
                id=f"{self.name}-{number}",
                question=entry.question,
                target="",
                cluster=str(number),
                category=entry.category,
                must_say=entry.must_say,
            )
            for number, entry in enumerate(self.questions, start=1)
        )


def digest(benchmark: Benchmark, samples: Iterable[Sample], code: str) -> str:
    """Return 16 hex digits that differ if two evaluations of a benchmark cannot be compared.

    They cover the way of scoring (`code`: a digest of all that it rests on beside the benchmark) and every sample in
    whatever order.
    """
    items = sorted((sample.model_dump(mode="json") for sample in samples), key=canonical)
    return digest_of(_way(benchmark, code) | {"samples": items})


def item(benchmark: Benchmark, sample: Sample, code: str) -> str:
    """Return 16 hex digits that differ if two scores on one sample cannot be compared; `code` as in `digest`."""
    return digest_of(_way(benchmark, code) | {"sample": sample.model_dump(mode="json")})


def _way(benchmark: Benchmark, code: str) -> dict[str, Any]:
    return {"scorer": benchmark.scorer, "faults": benchmark.faults, "through": benchmark.through, "code": code}
