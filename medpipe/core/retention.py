"""What `gc` may remove: a mark and sweep over what refs name, with ages and the policy of retention.

Source of the method: McCarthy, "Recursive functions of symbolic expressions", Communications of the ACM 3 (1960).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from medpipe.core.refs import kind_of

_LEAST = 2
"""Days. No run of a DAG takes longer from its first artifact to the one that names it."""


class RetentionPolicy(BaseModel):
    """The days of `policies/retention.yaml`, which gives the reasons. What is younger is kept, with what it needs.

    A kind without a field (corpora, certificates, reviews, anchors, sheets, ratings, estimates, sweeps) is kept for
    ever.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    version: int = Field(ge=_LEAST)
    """Weights and examples of a version that was never champion. The version itself is kept."""
    decision: int = Field(ge=_LEAST)
    """Scores under a decision that was not a pass. The decision itself is kept."""
    documents: int = Field(ge=_LEAST)
    """A delivery that no corpus has."""
    validation: int = Field(ge=_LEAST)
    examples: int = Field(ge=_LEAST)
    adapter: int = Field(ge=_LEAST)
    prepared: int = Field(ge=_LEAST)
    """Whole models that `prepare_base` made."""
    evaluation: int = Field(ge=_LEAST)
    probes: int = Field(ge=_LEAST)
    knowledge: int = Field(ge=_LEAST)
    """How well models know facts that no examples were mixed by."""
    feedback: int = Field(ge=_LEAST)
    pairs: int = Field(ge=_LEAST)
    drift: int = Field(ge=_LEAST)
    trace: int = Field(ge=_LEAST)
    measurement: int = Field(ge=_LEAST)
    index: int = Field(ge=_LEAST)
    """An index of sources that is not the published one."""
    pages: int = Field(ge=_LEAST)
    """Pages of Data Docs. The validation, which has the reasons, is kept as long as its data."""
    unfinished: int = Field(ge=_LEAST)
    """Days since the last change of the work of killed trainings, validations and writers."""
    uploads: int = Field(ge=_LEAST)
    """Days since the last change of what a killed writer left in an object store."""
    table: int = Field(ge=_LEAST)
    """Since the next corpus was made: the version of the table of a corpus that nothing needs."""
    downloads: int = Field(ge=_LEAST)
    """Publishers' files. What was read from them is in the deliveries."""

    def days(self, kind: str) -> int | None:
        """Return after how many days a kind may go; None for a kind that never does."""
        days: int | None = getattr(self, kind, None) if kind in type(self).model_fields else None
        return days


RECORDS = frozenset({"version", "decision", "evaluation"})
"""Kinds whose manifests stay although their age would let them go. Decisions and their error budgets count them."""
REMAINS: Mapping[str, frozenset[str]] = {
    "examples": frozenset({"documents.jsonl", "facts.jsonl"}),
    "pairs": frozenset({"train.jsonl"}),
}
"""Kind → the files that stay with a manifest: what was taught, so that `trace` and later plans have their answer."""


class Stored(NamedTuple):
    """An artifact, as far as retention looks at it."""

    ref: str
    days: float
    """Its age."""
    needs: frozenset[str]
    """What must be there, files included, as long as this is."""
    names: frozenset[str]
    """What must have a manifest as long as this has one; all of `needs` too."""


class Retention(NamedTuple):
    """What becomes of each artifact. Every ref is in exactly one of the three."""

    whole: Mapping[str, str]
    """Ref of an artifact that stays as it is → why."""
    stripped: tuple[str, ...]
    """Their manifests stay, for lineage. Their files may go, except those in `REMAINS`."""
    removed: tuple[str, ...]


def retention(stored: Mapping[str, Stored], roots: Mapping[str, str], policy: RetentionPolicy) -> Retention:
    """Decide what stays. `roots`: ref → why it is needed whatever its age."""
    whole = _marked(
        {**{ref: why for ref, each in stored.items() if (why := _kept_by_age(each, policy))}, **roots},
        lambda ref: stored[ref].needs if ref in stored else frozenset(),
    )
    records = {ref: "" for ref in stored if kind_of(ref) in RECORDS}
    known = _marked(
        {**whole, **records}, lambda ref: stored[ref].names | stored[ref].needs if ref in stored else frozenset()
    )
    return Retention(
        whole={ref: why for ref, why in whole.items() if ref in stored},
        stripped=tuple(sorted(ref for ref in known if ref in stored and ref not in whole)),
        removed=tuple(sorted(ref for ref in stored if ref not in known)),
    )


def _kept_by_age(stored: Stored, policy: RetentionPolicy) -> str:
    kind = kind_of(stored.ref)
    days = policy.days(kind)
    if days is None:
        return f"{kind}: kept for ever"
    return f"{kind}: younger than {days} days" if stored.days < days else ""


def _marked(roots: Mapping[str, str], edges: Callable[[str], frozenset[str]]) -> dict[str, str]:
    """Return everything that can be reached from the roots → the reason of a root that reaches it."""
    marked = dict(roots)
    waiting = list(marked)
    while waiting:
        ref = waiting.pop()
        for named in edges(ref):
            if named not in marked:
                marked[named] = marked[ref]
                waiting.append(named)
    return marked
