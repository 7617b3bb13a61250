"""The manifest of an index of sources."""

from __future__ import annotations

from typing import ClassVar

from medpipe.core.manifests.base import Inputs, Manifest, Outcome


class IndexInputs(Inputs):
    """The corpus, and the documents of the register of withdrawals that were left out whatever the corpus says."""

    corpus: str
    withdrawn: tuple[str, ...] = ()
    """Sorted ids of the documents whose withdrawal was in force."""


class IndexOutcome(Outcome):
    """The outcome of `build_index`."""

    documents: int
    """Documents with a passage."""
    passages: int


class IndexManifest(Manifest):
    """An index over the current documents of a corpus, made by `build_index`."""

    kind: ClassVar[str] = "index"
    inputs: IndexInputs
    outcome: IndexOutcome
