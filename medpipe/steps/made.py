"""Every evaluation and every decision that was made, as comparisons look back on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from medpipe.core.judging.gates import Outcome
from medpipe.core.manifests import DecisionManifest, EvaluationManifest, Manifest
from medpipe.errors import NotFound
from medpipe.steps.artifact import check_kind


class Made(NamedTuple):
    """Every evaluation and every decision, oldest first."""

    evaluations: Mapping[str, EvaluationManifest]
    decisions: Sequence[DecisionManifest]

    @classmethod
    def of(cls, manifests: Iterable[Manifest]) -> Made:
        """Sort manifests by kind. `manifests`: oldest first; other kinds are left out."""
        stored = list(manifests)
        return cls(
            {each.ref: each for each in stored if isinstance(each, EvaluationManifest)},
            [each for each in stored if isinstance(each, DecisionManifest)],
        )

    def evaluation(self, ref: str) -> EvaluationManifest:
        """Return one evaluation. Raises UsageError for a ref of another kind, and NotFound."""
        check_kind(ref, EvaluationManifest)
        if ref not in self.evaluations:
            raise NotFound(f"{ref} does not exist or was never finished: run `medpipe evaluate` first")
        return self.evaluations[ref]


def passed_adapters(evaluations: Iterable[EvaluationManifest], decisions: Iterable[DecisionManifest]) -> frozenset[str]:
    """Return the adapters that passed a whole plan."""
    passed = {made.outcome.challenger for made in decisions if made.outcome.outcome is Outcome.PASS}
    return frozenset(stored.outcome.model for stored in evaluations if stored.ref in passed)
