"""The manifest of a sweep, and what stands beside the manifest of an artifact whose files were swept."""

from __future__ import annotations

from typing import ClassVar

from medpipe.core.manifests.base import Inputs, Manifest, Outcome, Snapshot, Value
from medpipe.core.manifests.drift import Moment


class Swept(Value):
    """The files of an artifact that `gc` removed. The manifest stays as its verb wrote it."""

    ref: str
    files: tuple[str, ...]
    """Paths below the artifact's folder, sorted."""


class SweptRow(Value):
    """One artifact in sweep.jsonl."""

    ref: str
    content: str
    """`Manifest.content` of what was removed."""
    files: tuple[str, ...]
    """The files that were removed; with `removed`, all."""
    removed: bool
    """Whether the manifest went too."""
    bytes: int


class SweepInputs(Inputs):
    """The inputs of `gc`."""

    at: Moment
    policy: Snapshot
    """policies/retention.yaml."""
    content: str
    """Digest of the rows of sweep.jsonl."""


class SweepOutcome(Outcome):
    """How much may be gone. sweep.jsonl beside the manifest names each artifact, from before the first one goes."""

    artifacts: int
    bytes: int


class SweepManifest(Manifest):
    """What `gc` removed, kept for ever: `verify` tells by it what was removed from what was lost."""

    kind: ClassVar[str] = "sweep"
    inputs: SweepInputs
    outcome: SweepOutcome
