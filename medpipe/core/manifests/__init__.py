"""One model per kind of artifact: what a manifest says, with names and types.

The file of a kind has its name; `base` has what they share. The kind of a ref decides the model (`manifest_type`);
nothing subscripts a manifest with strings.
"""

from __future__ import annotations

from medpipe.core.manifests.adapter import AdapterInputs, AdapterManifest, AdapterOutcome
from medpipe.core.manifests.anchor import AnchorInputs, AnchorManifest, AnchorOutcome
from medpipe.core.manifests.base import AnyManifest, Inputs, Manifest, Outcome, Snapshot
from medpipe.core.manifests.blanked import BLANKABLE, Blanked
from medpipe.core.manifests.certificate import (
    AtPrecision,
    CertificateInputs,
    CertificateManifest,
    CertificateOutcome,
)
from medpipe.core.manifests.corpus import CorpusInputs, CorpusManifest, CorpusOutcome
from medpipe.core.manifests.decision import DecisionInputs, DecisionManifest, DecisionOutcome, EarlierLook
from medpipe.core.manifests.documents import DocumentsInputs, DocumentsManifest, DocumentsOutcome, TakenFile
from medpipe.core.manifests.drift import DriftInputs, DriftManifest
from medpipe.core.manifests.estimate import EstimateInputs, EstimateManifest, EstimateOutcome
from medpipe.core.manifests.evaluation import EvaluationInputs, EvaluationManifest, EvaluationOutcome
from medpipe.core.manifests.examples import ExamplesInputs, ExamplesManifest, ExamplesOutcome
from medpipe.core.manifests.feedback import FeedbackInputs, FeedbackManifest, FeedbackOutcome
from medpipe.core.manifests.index import IndexInputs, IndexManifest, IndexOutcome
from medpipe.core.manifests.knowledge import KnowledgeInputs, KnowledgeManifest, KnowledgeOutcome
from medpipe.core.manifests.measurement import MeasurementInputs, MeasurementManifest, MeasurementOutcome
from medpipe.core.manifests.pairs import (
    PairsFromCorpus,
    PairsFromFeedback,
    PairsFromRatings,
    PairsManifest,
    PairsOutcome,
)
from medpipe.core.manifests.prepared import PreparedInputs, PreparedManifest, PreparedOutcome
from medpipe.core.manifests.probes import ProbesInputs, ProbesManifest, ProbesOutcome
from medpipe.core.manifests.ratings import RaterFile, RatingsInputs, RatingsManifest, RatingsOutcome
from medpipe.core.manifests.review import ReviewedRecord, ReviewInputs, ReviewManifest, ReviewOutcome
from medpipe.core.manifests.sheet import SheetInputs, SheetManifest, SheetOutcome
from medpipe.core.manifests.sweep import SweepInputs, SweepManifest, SweepOutcome, Swept, SweptRow
from medpipe.core.manifests.trace import TraceInputs, TraceManifest, TraceOutcome
from medpipe.core.manifests.validation import ValidationInputs, ValidationManifest, ValidationOutcome
from medpipe.core.manifests.version import Provenance, VersionInputs, VersionManifest, VersionOutcome
from medpipe.core.refs import kind_of
from medpipe.errors import UsageError

MANIFESTS: dict[str, type[Manifest]] = {
    manifest.kind: manifest
    for manifest in (
        DocumentsManifest,
        CorpusManifest,
        ValidationManifest,
        ReviewManifest,
        KnowledgeManifest,
        ExamplesManifest,
        DriftManifest,
        TraceManifest,
        AdapterManifest,
        PreparedManifest,
        AnchorManifest,
        EvaluationManifest,
        MeasurementManifest,
        DecisionManifest,
        VersionManifest,
        FeedbackManifest,
        PairsManifest,
        ProbesManifest,
        CertificateManifest,
        SweepManifest,
        SheetManifest,
        RatingsManifest,
        EstimateManifest,
        IndexManifest,
    )
}
"""Every kind of artifact and its manifest."""

SIGNED = frozenset({AdapterManifest.kind, PreparedManifest.kind})
"""Kinds that hold weights: they are signed where there is a key."""


def manifest_type(ref: str) -> type[Manifest]:
    """Return the model of a ref's manifest. Raises UsageError for a string that is not a ref of a known kind."""
    kind = kind_of(ref)
    if kind not in MANIFESTS:
        raise UsageError(f"{ref!r}: no kind of artifact is called {kind!r}; there are {', '.join(sorted(MANIFESTS))}")
    return MANIFESTS[kind]


__all__ = [
    "BLANKABLE",
    "MANIFESTS",
    "SIGNED",
    "AdapterInputs",
    "AdapterManifest",
    "AdapterOutcome",
    "AnchorInputs",
    "AnchorManifest",
    "AnchorOutcome",
    "AnyManifest",
    "AtPrecision",
    "PreparedInputs",
    "PreparedManifest",
    "PreparedOutcome",
    "Blanked",
    "CertificateInputs",
    "CertificateManifest",
    "CertificateOutcome",
    "CorpusInputs",
    "CorpusManifest",
    "CorpusOutcome",
    "DecisionInputs",
    "DecisionManifest",
    "DecisionOutcome",
    "DocumentsInputs",
    "DocumentsManifest",
    "DocumentsOutcome",
    "DriftInputs",
    "DriftManifest",
    "EarlierLook",
    "EstimateInputs",
    "EstimateManifest",
    "EstimateOutcome",
    "EvaluationInputs",
    "EvaluationManifest",
    "EvaluationOutcome",
    "ExamplesInputs",
    "ExamplesManifest",
    "ExamplesOutcome",
    "FeedbackInputs",
    "FeedbackManifest",
    "FeedbackOutcome",
    "IndexInputs",
    "IndexManifest",
    "IndexOutcome",
    "Inputs",
    "KnowledgeInputs",
    "KnowledgeManifest",
    "KnowledgeOutcome",
    "Manifest",
    "MeasurementInputs",
    "MeasurementManifest",
    "MeasurementOutcome",
    "Outcome",
    "PairsFromCorpus",
    "PairsFromFeedback",
    "PairsFromRatings",
    "PairsManifest",
    "PairsOutcome",
    "ProbesInputs",
    "ProbesManifest",
    "ProbesOutcome",
    "Provenance",
    "RaterFile",
    "RatingsInputs",
    "RatingsManifest",
    "RatingsOutcome",
    "ReviewInputs",
    "ReviewManifest",
    "ReviewOutcome",
    "ReviewedRecord",
    "SheetInputs",
    "SheetManifest",
    "SheetOutcome",
    "Snapshot",
    "SweepInputs",
    "SweepManifest",
    "SweepOutcome",
    "Swept",
    "SweptRow",
    "TakenFile",
    "TraceInputs",
    "TraceManifest",
    "TraceOutcome",
    "ValidationInputs",
    "ValidationManifest",
    "ValidationOutcome",
    "VersionInputs",
    "VersionManifest",
    "VersionOutcome",
    "manifest_type",
]
