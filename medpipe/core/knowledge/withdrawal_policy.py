"""The policy of withdrawals as a value: `medpipe/policies/withdrawals.yaml`, whose head explains the fields."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from medpipe.core.contract import Precision

OpeningCause = Literal["retracted", "deleted", "concern", "notice", "listed", "title", "vanished", "superseded"]
"""Those causes of `core.corpus.standing` that may open a withdrawal."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CertificateTerms(_Value):
    """What a certificate requires."""

    precisions: tuple[Precision, ...] = Field(min_length=1)
    min_probes: int = Field(ge=1)
    max_assertions: int = Field(ge=0)
    confidence: float = Field(gt=0.5, lt=1)


class WithdrawalPolicy(_Value):
    """What follows by itself when a publisher takes a document back."""

    open_on: tuple[OpeningCause, ...]
    retrain: Literal["automatic", "approval"]
    repeat_hours: float = Field(gt=0)
    certificate: CertificateTerms
