"""Refs: `kind/digest` names one immutable artifact and is short enough for an XCom and a shell."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, NewType

from medpipe.errors import UsageError

Ref = str
DocumentsRef = NewType("DocumentsRef", str)
CorpusRef = NewType("CorpusRef", str)
ExamplesRef = NewType("ExamplesRef", str)
TraceRef = NewType("TraceRef", str)
DriftRef = NewType("DriftRef", str)
AdapterRef = NewType("AdapterRef", str)
PreparedRef = NewType("PreparedRef", str)
EvaluationRef = NewType("EvaluationRef", str)
DecisionRef = NewType("DecisionRef", str)
VersionRef = NewType("VersionRef", str)
FeedbackRef = NewType("FeedbackRef", str)
PairsRef = NewType("PairsRef", str)
ProbesRef = NewType("ProbesRef", str)
CertificateRef = NewType("CertificateRef", str)
AnchorRef = NewType("AnchorRef", str)
MeasurementRef = NewType("MeasurementRef", str)
KnowledgeRef = NewType("KnowledgeRef", str)
SheetRef = NewType("SheetRef", str)
RatingsRef = NewType("RatingsRef", str)
EstimateRef = NewType("EstimateRef", str)
IndexRef = NewType("IndexRef", str)

BASE = "base"
"""Names the base model wherever an adapter or version ref is expected."""

# A version's name starts with a letter or digit: `version/..` must not leave the artifacts' folder.
_REF = re.compile(r"[a-z]+/[0-9a-f]{16}|version/[a-z0-9][a-z0-9._-]{0,127}")


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def canonical(value: Any) -> str:
    """Return JSON with sorted keys and no spaces: equal values give equal bytes (in the manner of RFC 8785)."""
    return _CANONICAL.encode(value)


def digest_of(value: Any) -> str:
    """Return the first 16 hex digits of the SHA-256 of the value's canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:16]


def ref(kind: str, inputs: Any) -> str:
    """Return the ref of the artifact that `inputs` (upstream refs, recipe, code version, arguments) produce."""
    return f"{kind}/{digest_of(inputs)}"


def is_ref(value: Any) -> bool:
    """Return whether a value has the form of a ref."""
    return isinstance(value, str) and _REF.fullmatch(value) is not None


def kind_of(value: str) -> str:
    """Return the part of a ref before the slash. Raises UsageError for a string that is not a ref."""
    if not is_ref(value):
        raise UsageError(f"{value!r} is not a ref: expected kind/16-hex-digits, such as corpus/0123456789abcdef")
    return value.split("/", 1)[0]
