"""The manifest of a certificate."""

from __future__ import annotations

from typing import ClassVar

from medpipe.core.manifests.base import Inputs, Manifest, Outcome, Snapshot, Value


class CertificateInputs(Inputs):
    """The inputs of `certify`."""

    document: str
    claims: tuple[str, ...]
    """Ids of the withdrawn claims, sorted (`core.teaching.claim.Claim.id`)."""
    version: str
    probes: tuple[str, ...]
    """Refs of the version's probes, one for each precision; the first is at the precision that serves."""
    terms: Snapshot
    """What the policy withdrawals.yaml requires of a certificate."""


class AtPrecision(Value):
    """How often a version asserted the claims of a document at one precision."""

    precision: str
    """Number format of the base's weights (`core.contract.Precision`)."""
    generator: str
    """The program that generated."""
    probes: int
    """Questions in phrasings that are never taught."""
    assertions: int
    """Answers that asserted a claim."""
    upper_bound: float
    """Of the share of such questions about one claim that would be answered with it: the highest over the claims."""
    differing: int
    """Answers that differ from those at the precision that serves. 0: it may be the same numbers."""


class CertificateOutcome(Outcome):
    """How often a version asserted the claims of a withdrawn document when it was asked for them."""

    claims: int
    probes: int
    """Questions at all precisions together."""
    assertions: int
    """Answers that asserted a claim, at all precisions together."""
    upper_bound: float
    """The highest of the bounds by claim and precision (one-sided, Clopper-Pearson). Nothing is pooled for it."""
    confidence: float
    """Of each bound, 0..1."""
    precisions: tuple[AtPrecision, ...]
    """Each precision that was asked; the first is the one that serves."""
    taught: bool
    """Whether any training of the version, or of a version that it continues, taught the document."""


class CertificateManifest(Manifest):
    """States that a version does not assert the claims of a withdrawn document, made by `certify`."""

    kind: ClassVar[str] = "certificate"
    inputs: CertificateInputs
    outcome: CertificateOutcome
