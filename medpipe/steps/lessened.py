"""Evaluations that left out a part of a recipe's care: they show what the part does, and decide nothing."""

from __future__ import annotations

from medpipe.core.manifests import EvaluationManifest
from medpipe.errors import UsageError


def refuse_lessened(evaluation: EvaluationManifest) -> None:
    """Raise UsageError for an evaluation that left out what a version would be told: no version serves like that."""
    if left_out := evaluation.inputs.without:
        raise UsageError(
            f"{evaluation.ref} was asked without {', '.join(left_out)} of the recipe's care, for `compare-care`; a "
            "version is judged as it would serve: run `medpipe evaluate`"
        )
