"""The manifest of the anchor's frozen questions."""

from __future__ import annotations

from typing import ClassVar

from medpipe.core.manifests.base import Inputs, Manifest, Outcome


class AnchorInputs(Inputs):
    """The inputs of `freeze_anchor`."""

    examples: str
    """What the first champion was taught."""
    heldout_share: float
    """Share of the documents that replay leaves out, 0..1."""


class AnchorOutcome(Outcome):
    """How many frozen questions there are, and about how many documents (clusters)."""

    samples: int
    documents: int


class AnchorManifest(Manifest):
    """The frozen questions of the benchmark `anchor`, made by `freeze_anchor`."""

    kind: ClassVar[str] = "anchor"
    inputs: AnchorInputs
    outcome: AnchorOutcome
