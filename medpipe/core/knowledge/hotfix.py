"""Which withdrawn documents a retrain must leave out."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class HotfixPlan(BaseModel):
    """Arguments of `plan_retrain` and `build_examples` for a hotfix. Without documents, none is needed."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    documents: tuple[str, ...] = ()
    """Withdrawn documents that the champion was taught: the retrain starts from a version without them."""
    withdraw: tuple[str, ...] = ()
    """Those of them that the corpus has as retracted: the model is taught that their claims were withdrawn."""
    reason: str = ""
