"""The policy of feedback, `policies/feedback.yaml`: how much one identity may teach, and from when on."""

from __future__ import annotations

from operator import not_

from pydantic import BaseModel, ConfigDict, Field


class FeedbackPolicy(BaseModel):
    """Limits that hold over all feedback together. The reasons stand in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    max_pairs_per_identity: int = Field(ge=1)
    """The greatest number of pairs from one identity, on each side."""
    max_share_per_identity: float = Field(gt=0, le=1)
    """The greatest share of one identity in the users' pairs of each side, 0..1."""
    min_key_days: float = Field(ge=0, le=3650)
    """Days that a holder must have had a key before their feedback teaches."""
    min_feedback_hours: float = Field(ge=0, le=8760)
    """Hours between feedback and its first use."""
    heldout_questions: float = Field(ge=0, lt=1)
    """Share of the questions that are only evaluated and never taught, 0..1."""
    heldout_identities: float = Field(ge=0, lt=1)
    """Share of the identities whose pairs are only evaluated and never taught, 0..1."""
    max_correction_chars: int = Field(ge=1)
    """Longer corrections are dropped."""
    teach_unknown_questions: bool
    """Whether corrections teach about questions that no document is about. They wait for a person otherwise."""
    accepted_additions: tuple[str, ...] = Field(strict=False)
    """Sentences that a correction may add to what a document says. Any other addition waits for a person."""
    teach_ratings: bool = Field(False, exclude_if=not_)
    """Whether ratings without a correction teach too. Only recipes whose method is KTO can learn from them."""
