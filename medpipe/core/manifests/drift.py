"""The manifest of a measurement of drift."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import PlainSerializer

from medpipe.core.knowledge.drift import Drift
from medpipe.core.manifests.base import Inputs, Manifest, Snapshot

Moment = Annotated[datetime, PlainSerializer(datetime.isoformat, return_type=str)]
"""A time with its zone, written as Python's isoformat does (`…+00:00`; pydantic would write `…Z`)."""


class DriftInputs(Inputs):
    """The inputs of `detect_drift`."""

    corpus: str
    champion: str | None
    pairs: str | None
    at: Moment | None
    recipe: Snapshot
    """The recipe whose facts are compared."""
    dpo_recipe: Snapshot
    """The recipe that a retrain on preference pairs would use; empty where none was named."""
    policy: Snapshot
    state: str
    """Digest of what else was read: withdrawals, erasures, the versions that were judged, feedback, and canaries."""


class DriftManifest(Manifest):
    """How far the corpus and the feedback are from what the champion knows, made by `detect_drift`."""

    kind: ClassVar[str] = "drift"
    inputs: DriftInputs
    outcome: Drift
