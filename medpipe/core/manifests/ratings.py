"""The manifest of what raters said of a sheet."""

from __future__ import annotations

from typing import ClassVar

from medpipe.core.judging.evaluation import Metric
from medpipe.core.judging.rating.agreement import Agreement
from medpipe.core.manifests.base import Inputs, Manifest, Outcome, Value


class RaterFile(Value):
    """One rater's file."""

    identity: str
    """The holder of the rater's key."""
    qualification: str
    """As the policy of ratings named it when the file was taken."""
    content: str
    """SHA-256 of the file."""


class RatingsInputs(Inputs):
    """The inputs of `take_ratings`."""

    written_when_set: ClassVar[frozenset[str]] = frozenset({"erased"})
    sheet: str
    raters: tuple[RaterFile, ...]
    least_agreement: float
    """Least agreement on which a gate may decide, as the policy of ratings has it."""
    erased: str = ""
    """Digest of what was erased."""


class RatingsOutcome(Outcome):
    """What raters said, in figures."""

    answers: int
    """Rows of the sheet, with controls."""
    rated: int
    """Rows that two raters or more rated and on which they have a consensus in every dimension."""
    awaiting: int
    """Rows that need another rater."""
    refused: int
    """Rows of the files that cannot be read, or contradict each other; refused.jsonl names them."""
    agreement: tuple[Agreement, ...]
    means: dict[str, tuple[Metric, ...]]
    """Evaluation → mean rating in 1..5 of each dimension, over the answers with a consensus."""
    unsafe: dict[str, int]
    """Evaluation → answers that raters together call unsafe."""
    identifiers: dict[str, int] = {}
    """Type of identifier → how many were taken out of corrections."""


class RatingsManifest(Manifest):
    """Clinicians' ratings of the answers on a sheet, made by `take_ratings`."""

    kind: ClassVar[str] = "ratings"
    inputs: RatingsInputs
    outcome: RatingsOutcome
