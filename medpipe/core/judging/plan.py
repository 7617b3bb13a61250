"""gates.yaml: the predetermined change control plan. Gates, the promotion plans that they form, and the error budget.

Source: FDA, "Marketing Submission Recommendations for a Predetermined Change Control Plan for Artificial
Intelligence-Enabled Device Software Functions" (2024); for non-inferiority, its margin and assay sensitivity, ICH E9
and E10.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from medpipe.core.judging.rating.scale import Dimension
from medpipe.core.triage.labels import LABELS, Label

Kind = Literal[
    "gained", "learned", "not_worse", "not_worse_than_best", "none_unsafe", "absent", "triage", "evidence", "rated"
]

COUNTED: frozenset[Kind] = frozenset({"none_unsafe", "absent"})
"""Kinds that count faults of the challenger alone; all others compare it with the incumbent."""
LOSSES: frozenset[Kind] = frozenset({"not_worse", "not_worse_than_best"})
"""Kinds that hold a challenger because something was lost, or was not shown to be kept."""
_THRESHOLDS: dict[Kind, tuple[str, ...]] = {
    "gained": ("minimum", "min_documents"),
    "learned": ("minimum",),
    "not_worse": ("margin", "floor", "min_documents"),
    "not_worse_than_best": ("margin", "floor", "min_documents"),
    "none_unsafe": ("upper",),
    "absent": ("upper",),
    "triage": ("upper", "flips", "gap", "recalls"),
    "evidence": ("moves", "stays"),
    "rated": ("margin", "upper", "least_ratings"),
}
"""The fields that a kind needs. It must not have the others."""
_FIELDS = (
    *("minimum", "margin", "floor", "upper", "flips", "gap", "moves", "stays", "recalls", "least_ratings"),
    "min_documents",
)
"""Every threshold."""
_OPTIONS: dict[str, tuple[Kind, ...]] = {
    "also_on": ("gained", "not_worse", "not_worse_than_best"),
    "if_asked": ("not_worse_than_best", "triage", "evidence"),
    "worn_counts": ("not_worse",),
}
"""The kinds that may have a field."""


def is_none(value: object) -> bool:
    """Return whether a field is not set: it is then left out of what refs are made of."""
    return value is None


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Gate(_Value):
    """One condition on one benchmark.

    - `gained`: the challenger is better by `minimum` or more, and the interval of the gain is above 0, on the
      benchmark or on one of `also_on`.
    - `learned`: the challenger is better by `minimum` or more, on questions about everything that changed.
    - `not_worse`: the interval of the change stays above -`margin` (non-inferiority), on the benchmark and on each of
      `also_on`, in one of the first looks at the same items.
    - `not_worse_than_best`: the same, against the incumbent and against every earlier champion, whatever the look.
    - `none_unsafe`: no reply is unsafe, and a share of `upper` is ruled out at the level of the look.
    - `absent`: no answer asserts a withdrawn claim, and a share of `upper` is ruled out.
    - `triage`: no immediate case is called delayed and a share of `upper` is ruled out, each label reaches its recall,
      and neither wording nor language changes more answers than allowed. It has a result for each.
    - `evidence`: the answer changes often enough when the evidence in the passage does, and stays often enough when it
      does not. It has a result for each.
    - `rated`: clinicians agree, call no answer unsafe and a share of `upper` is ruled out; each mean rating reaches
      `least_ratings`, also at the lower bound of its interval, and is not worse than the incumbent's by `margin`. It
      has a result for each, and holds where nobody rated.
    """

    kind: Kind
    benchmark: str
    also_on: tuple[str, ...] = ()
    """Further benchmarks, if asked: for `gained`, any may show the gain; for the others, none may show a loss."""
    if_asked: bool = False
    """Whether the gate passes, and says why, where no benchmark was asked, where too little of one was asked, and where
    no champion ever reached the `floor`. For what a recipe need not ask and no training teaches. A gate of triage
    or of evidence passes only where the benchmark was not asked at all."""
    worn_counts: bool = False
    """Whether `not_worse` can pass on items that were looked at too often (`Budget.worn`)."""
    minimum: float | None = Field(None, gt=0, le=1)
    """Least gain in the mean score, in 0..1."""
    margin: float | None = Field(None, gt=0, lt=1)
    """Loss in the mean score that must be excluded, in 0..1; of ratings, a point of the scale of 1 to 5 is 0.25."""
    floor: float | None = Field(None, gt=0, lt=1)
    """Least mean score of the incumbent, in 0..1. A model that knows nothing has nothing to lose."""
    upper: float | None = Field(None, gt=0, lt=1)
    """Share of faults that must be excluded, in 0..1: with 95 % confidence, or at the level of the look."""
    flips: float | None = Field(None, gt=0, lt=1)
    """Share of answers about cases of triage that may change when only the wording does, in 0..1."""
    gap: float | None = Field(None, gt=0, lt=1)
    """By how much the share of right labels may differ between two languages, in 0..1."""
    moves: float | None = Field(None, gt=0, lt=1)
    """Least share of evidence twins whose answer must be another one than that to the original passage, in 0..1."""
    stays: float | None = Field(None, gt=0, lt=1)
    """Least share of controls whose answer must be the same, in 0..1."""
    recalls: dict[Label, Annotated[float, Field(gt=0, lt=1)]] | None = None
    """Label of triage → the least share of its cases that are found, in 0..1. All labels are needed."""
    least_ratings: dict[Dimension, Annotated[float, Field(gt=1, le=5)]] | None = Field(None, exclude_if=is_none)
    """Dimension → least mean rating by clinicians, on the scale of 1 to 5."""
    min_documents: int | None = Field(None, gt=1)
    """Least number of documents (clusters) that the questions are about."""
    min_samples: int = Field(gt=0)

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """Every benchmark that the gate looks at."""
        return self.benchmark, *self.also_on

    @property
    def wears(self) -> bool:
        """Whether a pass counts only while the items were not looked at too often."""
        return self.kind == "gained" or (self.kind == "not_worse" and not self.worn_counts)

    @property
    def name(self) -> str:
        """The kind and the benchmark, as reports show it; once where they are the same."""
        return self.kind if self.kind == self.benchmark else f"{self.kind} {self.benchmark}"

    @model_validator(mode="after")
    def _has_its_thresholds(self) -> Self:
        for field in _FIELDS:
            needed = field in _THRESHOLDS[self.kind]
            if (getattr(self, field) is None) == needed:
                raise ValueError(f"{self.name}: {field} is {'needed' if needed else 'not used'}")
        for field, kinds in _OPTIONS.items():
            if getattr(self, field) and self.kind not in kinds:
                raise ValueError(f"{self.name}: {field} is not used")
        if self.least_ratings is not None and not self.least_ratings:
            raise ValueError(f"{self.name}: least_ratings names no dimension")
        if self.recalls is not None and (missing := [label for label in LABELS if label not in self.recalls]):
            raise ValueError(f"{self.name}: recalls: {', '.join(missing)} is missing")
        return self


class Plan(_Value):
    """The promotion plans of gates.yaml by name. Every gate of a plan must pass."""

    false_passes_a_year: float = Field(0.025, gt=0, lt=0.5)
    """The error budget: the probability that the gates on one benchmark ever pass wrongly in a calendar year."""
    plans: dict[str, tuple[Gate, ...]]

    @model_validator(mode="after")
    def _has_gates(self) -> Self:
        empty = [name for name, gates in self.plans.items() if not gates]
        if empty or not self.plans:
            raise ValueError(f"a plan without gates would let anything through: {', '.join(empty) or 'all'}")
        return self

    def fewest(self, benchmark: str) -> int:
        """Return the least number of samples of a benchmark that any gate judges; 0 if none looks at it."""
        gates = (gate for gates in self.plans.values() for gate in gates if benchmark in gate.benchmarks)
        return min((max(gate.min_samples, gate.min_documents or 0) for gate in gates), default=0)

    def unknown(self, benchmarks: Collection[str]) -> dict[str, str]:
        """Return the gates whose benchmark does not exist: the gate's place in the file → the benchmark."""
        return {
            f"plans.{name}[{number}]": benchmark
            for name, gates in self.plans.items()
            for number, gate in enumerate(gates)
            for benchmark in gate.benchmarks
            if benchmark not in benchmarks
        }
