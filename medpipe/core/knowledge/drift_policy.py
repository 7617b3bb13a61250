"""How much must have happened before a retrain is worth its risk."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class DriftPolicy(BaseModel):
    """The thresholds of `policies/drift.yaml`, which gives the reasons.

    Counts are absolute, because what a patient is told wrongly does not become right when the corpus grows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    new_facts: int = Field(ge=1)
    """Facts that the champion was never taught."""
    changed_facts: int = Field(ge=1)
    """Facts that the champion was taught with another answer."""
    withdrawn_documents: int = Field(ge=1)
    """Withdrawn documents whose claims the champion was taught and that no later training withdrew."""
    erased_pairs: int = Field(ge=1)
    """Preference pairs that the champion's line learned and that were erased since."""
    unused_pairs: int = Field(ge=1)
    """Preference pairs that no training of the champion's line has used."""
    stale_days: int = Field(ge=1)
    """Days. No change of a fact waits longer than this for a training, however few changes there are."""
    training_days: int = Field(ge=1)
    """Days since the champion was trained, after which anything unlearned is a reason."""
    rest_days: int = Field(ge=0)
    """Days between two routine trainings, at least. A withdrawal never waits."""
    feedback_days: int = Field(ge=1)
    """Days before the measurement whose feedback counts."""
    min_feedback: int = Field(ge=1)
    """Ratings, or questions, below which nothing is said about them."""
    unseen_questions: float = Field(ge=0, le=1)
    """Share of rated questions about no topic that the champion was taught; judged by the interval's lower end."""
    down_ratings: float = Field(ge=0, le=1)
    """Share of ratings of the champion's answers that are `down`; judged by the interval's lower end."""
    refused_questions: float = Field(ge=0, le=1)
    """Share of the questions to the champion that got a refusal; judged by the interval's lower end."""
    wrong_canaries: float = Field(ge=0, le=1)
    """Share of what the champion answered right when it was judged, and what serves gets wrong; judged likewise."""
    correction_facts: int = Field(ge=1)
    """Fewer new and changed facts than this are judged by the promotion plan `correction`."""
    fresh_start_after_loss: bool
    """Whether the next training starts from the base when the newest one was held because of a loss."""
