"""The manifest of a version."""

from __future__ import annotations

from typing import ClassVar

from medpipe.core.contract import ServingContract
from medpipe.core.judging.gates import Outcome as Judgement
from medpipe.core.manifests.base import Inputs, Manifest, Outcome
from medpipe.core.refs import BASE


class VersionInputs(Inputs):
    """The inputs of `register`."""

    adapter: str
    evaluation: str
    decision: str
    parent: str
    incumbent: str


class Provenance(Outcome):
    """Everything that a version came from. The registry shows these fields to operators."""

    adapter: str
    digest: str
    recipe: str
    base: str
    contract: ServingContract
    """How it was asked when it was judged, and so how it is served."""
    corpus: str
    examples: str
    evaluation: str
    decision: str
    outcome: Judgement
    """What the decision said."""
    parent: str = BASE
    """`base` or the model that training started from."""
    incumbent: str = BASE
    """`base` or the version that it was judged against."""
    reason: str = ""
    """Why the retrain was asked for."""
    pairs: str | None = None
    """The preference pairs that it or the version before it learned from."""


class VersionOutcome(Provenance):
    """The outcome of `register`."""

    number: int
    """The registry's number of the version."""
    name: str
    page: str
    """Address of the version in the registry; empty if the registry has no pages."""


class VersionManifest(Manifest):
    """A judged adapter with a name, promoted or not, made by `register`."""

    kind: ClassVar[str] = "version"
    inputs: VersionInputs
    outcome: VersionOutcome
