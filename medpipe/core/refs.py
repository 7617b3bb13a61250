"""A ref names one immutable artifact: ``kind/digest``, small enough for XCom and a shell."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, NewType

Ref = str
DocumentsRef = NewType("DocumentsRef", str)
CorpusRef = NewType("CorpusRef", str)
ExamplesRef = NewType("ExamplesRef", str)
TraceRef = NewType("TraceRef", str)
DriftRef = NewType("DriftRef", str)
AdapterRef = NewType("AdapterRef", str)
EvaluationRef = NewType("EvaluationRef", str)
DecisionRef = NewType("DecisionRef", str)
VersionRef = NewType("VersionRef", str)
FeedbackRef = NewType("FeedbackRef", str)
PairsRef = NewType("PairsRef", str)

BASE = "base"
"""What stands in the place of a model's ref for the base model itself."""

_REF = re.compile(r"^[a-z]+/[0-9a-f]{16}$")
_VERSION = re.compile(r"^version/[a-z0-9._-]+$")


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal bytes (RFC 8785 in spirit)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def digest_of(value: Any) -> str:
    """The first 16 hex digits of the SHA-256 of the value's canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:16]


def ref(kind: str, inputs: Any) -> str:
    """The ref of what `inputs` (upstream refs, recipe text, code version, arguments) will produce."""
    return f"{kind}/{digest_of(inputs)}"


def kind_of(value: str) -> str:
    """The kind before the slash; raises ValueError for anything that is not a ref."""
    if not (_REF.match(value) or _VERSION.match(value)):
        raise ValueError(f"{value!r} is not a ref: expected kind/16-hex-digits or version/name")
    return value.split("/", 1)[0]
