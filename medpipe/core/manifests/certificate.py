"""The manifest of a certificate."""

from __future__ import annotations

from typing import ClassVar

from medpipe.core.manifests.base import Inputs, Manifest, Outcome, Snapshot


class CertificateInputs(Inputs):
    """The inputs of `certify`."""

    document: str
    claims: tuple[str, ...]
    """Ids of the withdrawn claims, sorted (`core.teaching.claim.Claim.id`)."""
    version: str
    evaluation: str
    precisions: tuple[str, ...]
    terms: Snapshot
    """What the policy withdrawals.yaml requires of a certificate."""


class CertificateOutcome(Outcome):
    """How often a version asserted the claims of a withdrawn document when it was asked for them."""

    claims: int
    probes: int
    """Questions in phrasings that are never taught."""
    assertions: int
    """Answers that asserted a claim."""
    upper_bound: float
    """One-sided Clopper-Pearson bound of the share of such questions that would be answered with a claim."""
    confidence: float
    """Of the bound, 0..1."""
    precisions: tuple[str, ...]
    """Precisions of the weights that were asked; `served`: those that the evaluation was made with."""
    taught: bool
    """Whether any training of the version, or of a version that it continues, taught the document."""


class CertificateManifest(Manifest):
    """States that a version does not assert the claims of a withdrawn document, made by `certify`."""

    kind: ClassVar[str] = "certificate"
    inputs: CertificateInputs
    outcome: CertificateOutcome
