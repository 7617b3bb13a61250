"""The preparation of whole models that an engine serves."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Protocol

from medpipe.core.teaching.weights import Rounding


class PreparedBase(NamedTuple):
    """What was written."""

    digest: str
    """Digest of the files, as `base_models.digest` makes it."""
    parameters: int
    """Number of weights."""
    relative_error: float
    """Mean over the rounded matrices: the length of what rounding changed, as a share of the matrix's; 0 for none."""


class Preparer(Protocol):
    """Writes a base as one whole model, with what a training changed of it, and with rounded weights."""

    def prepare(self, base: str, trained: Path | None, rounding: Rounding, out: Path) -> PreparedBase:
        """Write the model into `out`, with its tokenizer, as transformers and vLLM read it.

        `base`: name of the base. `trained`: folder of an adapter for it, or of a whole model that was trained of it;
        None for the base alone. Raises ConfigError for a model whose layers cannot be rounded in this way.
        """
