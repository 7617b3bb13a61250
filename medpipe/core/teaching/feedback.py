"""What a user said about one served answer."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

ERASED = "erased"
"""The identity of an answer, a rating or a pair whose texts were erased."""


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
