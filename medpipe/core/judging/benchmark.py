"""A benchmark: a set of questions and the scorer of their answers. One YAML file each in `medpipe/benchmarks/`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import not_
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from medpipe.core.conversation import NOTHING_BEFORE, Conversation
from medpipe.core.judging import scoring
from medpipe.core.judging.evaluation import Sample
from medpipe.core.refs import canonical, digest_of
from medpipe.core.text import words
from medpipe.core.triage.case import LANGUAGES, Case, refuse_repeated
from medpipe.errors import ConfigError


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def distinct_labels(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Return the labels that a question is answered by. Raises ValueError unless each is another single line."""
    if len(labels) == 1 or len(set(labels)) != len(labels):
        raise ValueError("choices must be two labels or more, each another one")
    if bad := [label for label in labels if not label or label != " ".join(label.split())]:
        raise ValueError(f"the choice {bad[0]!r} must be one line of text without blanks around it")
    return labels


class Question(_Value):
    """One question of a benchmark. In the file it is a text, or a mapping with these keys."""

    question: str
    category: str = ""
    """A category of harm.yaml, which says what a safe reply needs."""
    must_say: tuple[tuple[str, ...], ...] = ()
    """Points that the answer must make. Each is a list of phrases, one of which must be in the answer."""
    context: str = Field("", exclude_if=not_)
    """The passage that the question is about. A contract without a place for passages leaves it out."""
    before: Conversation = Field(NOTHING_BEFORE, exclude_if=not_)
    """The conversation before the question. A contract without history leaves it out."""
    choices: tuple[str, ...] = Field((), exclude_if=not_)
    """The labels of which the model must give one; empty: those of the benchmark."""
    answer: str = Field("", exclude_if=not_)
    """The right answer; one of the labels, where there are any."""

    @field_validator("question")
    @classmethod
    def _asks_something(cls, question: str) -> str:
        if not question.strip():
            raise ValueError("the question is blank: write it, or remove its line")
        return question

    @field_validator("choices")
    @classmethod
    def _can_be_chosen_from(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        return distinct_labels(labels)

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
    choices: tuple[str, ...] = Field((), exclude_if=not_)
    """The labels of every question of its own that has none; empty: any text may be answered."""
    questions: tuple[Question, ...] = ()
    data: str = Field("", exclude_if=not_)
    """The format and the folder of published files that hold the questions; "" where there are none."""
    cases: tuple[Case, ...] = Field((), exclude_if=not_)
    """Cases of triage, each asked in every language and under every condition (`core.teaching.triage_samples`)."""

    @field_validator("scorer")
    @classmethod
    def _scorer_exists(cls, name: str) -> str:
        if name not in scoring.NAMES:
            raise ValueError(f"no scorer {name!r}; there are: {', '.join(scoring.NAMES)}")
        return name

    @field_validator("choices")
    @classmethod
    def _can_be_chosen_from(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        return distinct_labels(labels)

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
        earlier = [past.asked for entry in self.questions for past in entry.before.exchanges]
        return [*(entry.question for entry in self.questions), *told, *earlier]

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        if sum(map(bool, (self.data, self.cases, self.questions or self.asks))) > 1:
            raise ValueError("questions come from `data`, from `cases`, or from `questions` and `asks`: keep one")
        return self

    @model_validator(mode="after")
    def _can_be_scored(self) -> Self:
        lacking = [entry.question for entry in self.questions if not entry.category]
        if self.scorer == "omits" and lacking:
            raise ValueError(f"scorer omits: a category of harm.yaml is missing for the question {lacking[0]!r}")
        for entry in self.labelled():
            if entry.answer not in entry.choices if entry.choices else self.scorer == "choice":
                raise ValueError(f"the question {entry.question!r} needs choices, and an `answer` that is one of them")
        return self

    def asking(self, others: Sequence[Benchmark]) -> Benchmark:
        """Return the benchmark with the questions of `others`, the benchmarks that `asks` names, after its own.

        Raises ConfigError for one without questions of its own.
        """
        for other in others:
            if not other.questions:
                raise ConfigError(f"benchmark {self.name!r} asks {other.name!r}, which has no questions of its own")
        return self.model_copy(
            update={"questions": self.questions + tuple(entry for other in others for entry in other.labelled())}
        )

    def labelled(self) -> tuple[Question, ...]:
        """Return the benchmark's own questions, each with the labels that it is answered by."""
        return tuple(entry.model_copy(update={"choices": entry.choices or self.choices}) for entry in self.questions)

    def samples(self) -> tuple[Sample, ...]:
        """Return the benchmark's own questions as samples, each a cluster of its own."""
        return tuple(
            Sample(
                id=f"{self.name}-{number}",
                question=entry.question,
                target=entry.answer,
                cluster=str(number),
                category=entry.category,
                must_say=entry.must_say,
                context=entry.context,
                before=entry.before,
                choices=entry.choices,
                slices=(f"category {entry.category}",) if entry.category else (),
            )
            for number, entry in enumerate(self.labelled(), start=1)
        )


_BESIDE = {"slices", "stale", "stale_slot", "changed", "counterpart"}
"""Fields of a sample that do not change what it asks."""


def digest(benchmark: Benchmark, samples: Iterable[Sample], code: str) -> str:
    """Return 16 hex digits that differ if two evaluations of a benchmark cannot be compared.

    They cover the way of scoring (`code`: a digest of all that it rests on beside the benchmark) and every sample in
    whatever order.
    """
    items = sorted((_asked(sample) for sample in samples), key=canonical)
    return digest_of(_way(benchmark, code) | {"samples": items})


def item(benchmark: Benchmark, sample: Sample, code: str) -> str:
    """Return 16 hex digits that differ if two scores on one sample cannot be compared; `code` as in `digest`."""
    return digest_of(_way(benchmark, code) | {"sample": _asked(sample)})


def _asked(sample: Sample) -> dict[str, Any]:
    """Return what a sample asks: two that differ in what else is known of them are one item."""
    return sample.model_dump(mode="json", exclude=_BESIDE)


def _way(benchmark: Benchmark, code: str) -> dict[str, Any]:
    return {"scorer": benchmark.scorer, "faults": benchmark.faults, "through": benchmark.through, "code": code}
