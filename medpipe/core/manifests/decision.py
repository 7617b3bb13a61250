"""The manifest of a decision."""

from __future__ import annotations

from typing import ClassVar

from medpipe.core.judging.gates import Decision
from medpipe.core.manifests.base import Inputs, Manifest, Snapshot, Value


class EarlierLook(Value):
    """An earlier evaluation of a benchmark that the error budget counts."""

    evaluation: str
    passed: bool
    """The benchmark's gates passed with it, so its level was not spent."""


class DecisionInputs(Inputs):
    """The inputs of `compare`."""

    written_when_set: ClassVar[frozenset[str]] = frozenset({"code", "ratings"})
    challenger: str
    champion: str
    plan: str
    """Name of the promotion plan in gates.yaml."""
    gates: Snapshot
    looks: dict[str, tuple[EarlierLook, ...]] = {}
    """Benchmark → the earlier looks at it, oldest first."""
    champions: tuple[str, ...] = ()
    """Sorted evaluations of earlier champions, which the anchor compares with."""
    ratings: str = ""
    """What clinicians said of the answers of both; "" where they were not asked."""
    code: str = ""
    """Digest of the code that decides (`code_digest`): the ref can be checked after the code has changed."""


class DecisionOutcome(Decision):
    """The decision with the two evaluations and the promotion plan that it is about."""

    challenger: str
    champion: str
    plan: str


class DecisionManifest(Manifest):
    """Pass, fail or inconclusive, made by `compare`."""

    kind: ClassVar[str] = "decision"
    inputs: DecisionInputs
    outcome: DecisionOutcome
