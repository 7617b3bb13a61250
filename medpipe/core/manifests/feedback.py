"""The manifest of collected feedback."""

from __future__ import annotations

from typing import ClassVar

from medpipe.core.manifests.base import Inputs, Manifest, Outcome


class FeedbackInputs(Inputs):
    """What the store said: the same feedback of the same standing is the same artifact, whenever it is collected."""

    content: str
    """Digest of the rows."""


class FeedbackOutcome(Outcome):
    """The outcome of `collect_feedback`."""

    feedback: int
    """Rows of feedback.jsonl."""
    barred: dict[str, int] = {}
    """Why feedback never teaches → number of rows."""


class FeedbackManifest(Manifest):
    """All ratings and corrections up to a moment, made by `collect_feedback`."""

    kind: ClassVar[str] = "feedback"
    inputs: FeedbackInputs
    outcome: FeedbackOutcome
