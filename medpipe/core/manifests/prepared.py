"""The manifest of a prepared base."""

from __future__ import annotations

from typing import ClassVar

from medpipe.core.manifests.base import Inputs, Manifest, Outcome
from medpipe.core.teaching.weights import Rounding


class PreparedInputs(Inputs):
    """The inputs of `prepare_base`."""

    base: str
    """Name of the base model that it was made of: a hub id, a folder, or a `prepared/…` ref."""
    base_digest: str
    """Digest of that base's files."""
    adapter: str
    """The adapter or whole model whose weights it has, or `base` for those of the base alone."""
    rounding: Rounding


class PreparedOutcome(Outcome):
    """The outcome of `prepare_base`."""

    digest: str
    """Digest of the files, as a serving contract names it (`base_models.digest`)."""
    parameters: int
    """Number of weights."""
    relative_error: float
    """Mean over the rounded matrices: the length of what rounding changed, as a share of the matrix's; 0 for none."""


class PreparedManifest(Manifest):
    """A whole model that an engine can serve and a recipe can name as its base, made by `prepare_base`."""

    kind: ClassVar[str] = "prepared"
    inputs: PreparedInputs
    outcome: PreparedOutcome
