"""The manifest of a validation."""

from __future__ import annotations

from typing import ClassVar

from medpipe.core.manifests.base import Inputs, Manifest, Outcome


class ValidationInputs(Inputs):
    """`expectations` is the suite's text; `compared_with` is the earlier delivery of the same source, if any."""

    written_when_set: ClassVar[frozenset[str]] = frozenset({"compared_with"})
    data: str
    suite: str
    expectations: str
    compared_with: str = ""


class ValidationOutcome(Outcome):
    """Whether a batch may be read, and which of its rows may not."""

    rows: int
    accepted: bool
    reasons: tuple[str, ...] = ()
    """Why the batch was stopped."""
    remarks: tuple[str, ...] = ()
    """What people should know although it stops nothing."""
    quarantined_rows: tuple[int, ...] = ()
    """Row numbers, from 0, in ascending order."""
    unreadable: int = 0
    """Records of the delivery that its pull could not read. They are quarantined too, with numbers from `rows` on."""
    report: str = ""
    """Path of the Data Docs page; empty for a batch without rows."""
    delivery: dict[str, float] = {}
    """Measures of the delivery as a whole (`core.corpus.measures.DELIVERY`)."""


class ValidationManifest(Manifest):
    """What a suite of expectations said of one batch, made by `validate`."""

    kind: ClassVar[str] = "validation"
    inputs: ValidationInputs
    outcome: ValidationOutcome
