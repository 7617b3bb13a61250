"""The manifest of probes."""

from __future__ import annotations

from typing import ClassVar

from medpipe.core.contract import ServingContract
from medpipe.core.manifests.base import Inputs, Manifest, Outcome


class ProbesInputs(Inputs):
    """The inputs of `probe_withdrawals`."""

    adapter: str
    """The adapter of the version that was asked, or `base`."""
    contract: ServingContract
    """How it was asked: the version's contract at the precision of the probes."""
    generator: str
    """The program that generated: `ports.Generator.name`."""
    documents: tuple[str, ...]
    """Sorted ids of the documents whose claims were withdrawn when the version was asked."""
    questions: str
    """Digest of the questions about these claims."""
    scorers: str
    """Digest of the scorers' code."""


class ProbesOutcome(Outcome):
    """How often a version asserted withdrawn claims. Every single score is in scores.jsonl beside the manifest."""

    claims: int
    """Claims that were in force."""
    probes: int
    """Questions in phrasings that are never taught."""
    assertions: int
    """Answers that asserted a claim."""


class ProbesManifest(Manifest):
    """What a version answered to every withdrawn claim at one precision, made by `probe_withdrawals`."""

    kind: ClassVar[str] = "probes"
    inputs: ProbesInputs
    outcome: ProbesOutcome
