"""One model per kind of artifact: what a manifest says, with names and types.

`data` has deliveries, the corpus and feedback; `models` has examples, adapters, evaluations and versions; `base` has
what they share. The kind of a ref decides the model (`manifest_type`); nothing subscripts a manifest with strings.
"""

from __future__ import annotations

from medpipe.core.manifests.base import AnyManifest, Inputs, Manifest, Outcome, Snapshot
from medpipe.core.manifests.data import (
    CorpusInputs,
    CorpusManifest,
    CorpusOutcome,
    DocumentsInputs,
    DocumentsManifest,
    DocumentsOutcome,
    DriftInputs,
    DriftManifest,
    FeedbackInputs,
    FeedbackManifest,
    FeedbackOutcome,
    ReviewedRecord,
    ReviewInputs,
    ReviewManifest,
    ReviewOutcome,
    ValidationInputs,
    ValidationManifest,
    ValidationOutcome,
)
from medpipe.core.manifests.models import (
    AdapterInputs,
    AdapterManifest,
    AdapterOutcome,
    AnchorInputs,
    AnchorManifest,
    AnchorOutcome,
    DecisionInputs,
    DecisionManifest,
    DecisionOutcome,
    EarlierLook,
    EvaluationInputs,
    EvaluationManifest,
    EvaluationOutcome,
    ExamplesInputs,
    ExamplesManifest,
    ExamplesOutcome,
    PairsFromCorpus,
    PairsFromFeedback,
    PairsManifest,
    PairsOutcome,
    Provenance,
    TraceInputs,
    TraceManifest,
    TraceOutcome,
    VersionInputs,
    VersionManifest,
    VersionOutcome,
)
from medpipe.core.manifests.withdrawals import (
    AtPrecision,
    CertificateInputs,
    CertificateManifest,
    CertificateOutcome,
    ProbesInputs,
    ProbesManifest,
    ProbesOutcome,
)
from medpipe.core.refs import kind_of
from medpipe.errors import UsageError

MANIFESTS: dict[str, type[Manifest]] = {
    manifest.kind: manifest
    for manifest in (
        DocumentsManifest,
        CorpusManifest,
        ValidationManifest,
        ReviewManifest,
        ExamplesManifest,
        DriftManifest,
        TraceManifest,
        AdapterManifest,
        AnchorManifest,
        EvaluationManifest,
        DecisionManifest,
        VersionManifest,
        FeedbackManifest,
        PairsManifest,
        ProbesManifest,
        CertificateManifest,
    )
}
"""Every kind of artifact and its manifest."""


def manifest_type(ref: str) -> type[Manifest]:
    """Return the model of a ref's manifest. Raises UsageError for a string that is not a ref of a known kind."""
    kind = kind_of(ref)
    if kind not in MANIFESTS:
        raise UsageError(f"{ref!r}: no kind of artifact is called {kind!r}; there are {', '.join(sorted(MANIFESTS))}")
    return MANIFESTS[kind]


__all__ = [
    "MANIFESTS",
    "AdapterInputs",
    "AdapterManifest",
    "AdapterOutcome",
    "AnchorInputs",
    "AnchorManifest",
    "AnchorOutcome",
    "AnyManifest",
    "AtPrecision",
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
    "EvaluationInputs",
    "EvaluationManifest",
    "EvaluationOutcome",
    "ExamplesInputs",
    "ExamplesManifest",
    "ExamplesOutcome",
    "FeedbackInputs",
    "FeedbackManifest",
    "FeedbackOutcome",
    "Inputs",
    "Manifest",
    "Outcome",
    "PairsFromCorpus",
    "PairsFromFeedback",
    "PairsManifest",
    "PairsOutcome",
    "ProbesInputs",
    "ProbesManifest",
    "ProbesOutcome",
    "Provenance",
    "ReviewInputs",
    "ReviewManifest",
    "ReviewOutcome",
    "ReviewedRecord",
    "Snapshot",
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
