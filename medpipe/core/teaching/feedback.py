"""What a user said about one served answer."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

ERASED = "erased"
"""The identity of an answer, a rating or a pair whose texts were erased."""


UP, DOWN, MIDDLE = "up", "down", "middle"
"""A rating. Three stars are in the middle: they are counted, and are no preference."""


class Details(NamedTuple):
    """What feedback says beside a rating and a correction. Nothing of it teaches but `preferred`."""

    stars: int | None = None
    """1 to 5."""
    category: str | None = None
    """Why, as one word of a list."""
    reason: str | None = None
    """Why, in the person's words."""
    preferred: str | None = None
    """The id of another answer to the same question, which the person prefers: its text counts as a correction."""
    alternative: str | None = None
    """A text that the person prefers the answer to."""


NO_DETAILS = Details()


class Opinion(NamedTuple):
    """What one identity's stored feedback on one answer says."""

    rating: str
    correction: str | None
    details: Details
    at: datetime


class FeedbackItem(NamedTuple):
    """One identity's rating of one answer, with the question and the answer that were served."""

    answer_id: str
    question: str
    answer: str
    version: str
    """The VersionRef that answered."""
    identity: str
    """Who rated: the holder of an issued key (`core.teaching.identities`), or a pseudonym of an anonymous client."""
    rating: str
    """`up` or `down`."""
    correction: str | None
    """The answer that the user would have preferred; None when the user gave none."""
    at: datetime
    """When the rating was given, with a time zone."""
    barred: str = ""
    """Why this feedback never teaches, such as `no-key`; "" when it may. It is counted either way."""
