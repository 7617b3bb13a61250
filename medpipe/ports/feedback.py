"""Given answers, the feedback on them, and erasures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

from medpipe.core.teaching.feedback import NO_DETAILS, Details, FeedbackItem, Opinion


class GivenAnswer(NamedTuple):
    """An answer that a gateway gave, with its question."""

    answer_id: str
    at: datetime
    identity: str
    """The pseudonym of who asked."""
    version: str
    question: str
    answer: str


class AnswerRecord(NamedTuple):
    """What is stored of one served answer."""

    answer_id: str
    at: datetime
    """When it was given."""
    identity: str
    question: str
    answer: str
    version: str
    adapter_name: str
    refused: bool


class Served(NamedTuple):
    """How many questions were asked, and how many of them got a refusal instead of an answer."""

    answers: int
    refused: int


class Rated(NamedTuple):
    """How many ratings answers got, and how many of them are `down`."""

    ratings: int
    down: int


class Tombstone(NamedTuple):
    """One entry of what was erased: an answer with its feedback, or everything of an identity up to a moment."""

    at: datetime
    answer_id: str
    """"" for an identity."""
    identity: str
    """"" for an answer."""
    reason: str
    by: str


class Erased(NamedTuple):
    """How many texts an erasure blanked or removed, and the answers that they were about."""

    answers: int
    feedback: int
    answer_ids: tuple[str, ...]


class CorrectionReview(NamedTuple):
    """A person's decision about a correction that contradicts a document."""

    correction: str
    """`core.teaching.contradiction.correction_id`."""
    decision: Literal["release", "discard"]
    reason: str
    by: str


class FeedbackStore(Protocol):
    """The answers that the gateways gave, the feedback that they received, and people's decisions about it."""

    def answers(self) -> Iterator[GivenAnswer]:
        """Yield every answer that was not a refusal, oldest first. Memory does not hold all of them."""

    def served(self, start: datetime, end: datetime, version: str) -> Served:
        """Count what a version was asked in the window [start, end)."""

    def rated(self, start: datetime, end: datetime, version: str) -> Rated:
        """Count the feedback of the window [start, end) on a version's answers, without feedback on refusals."""

    def rated_questions(self, start: datetime, end: datetime, version: str) -> Iterator[tuple[str, int]]:
        """Yield each question that `rated` counts, once, with the number of its ratings; in no order.

        Memory does not hold all of them.
        """

    def between(self, start: datetime, end: datetime) -> Iterator[FeedbackItem]:
        """Yield the feedback of the window [start, end), oldest first, without feedback on refusals.

        Ratings in the middle are left out. The text of a preferred answer is given as the correction. Memory does not
        hold all of it.
        """

    def erase(self, answer_id: str, identity: str, reason: str, by: str, elsewhere: bool = False) -> Erased:
        """Blank the texts of an answer, or of all answers to an identity, remove the feedback, and append a tombstone.

        One of the two is "". Feedback on a blanked answer is removed whoever gave it. Raises NotFound, and changes
        nothing, when there is neither an answer nor feedback of that name; with `elsewhere`, artifacts have texts of
        the identity, and the tombstone is appended all the same.
        """

    def erase_older(self, before: datetime, reason: str, by: str) -> int:
        """Blank the texts of every answer given before a moment on which there is no feedback; return how many.

        A tombstone is appended for each, as in `erase`.
        """

    def of_identity(self, identity: str) -> Iterator[dict[str, Any]]:
        """Yield everything that is stored of an identity: its answers, then its feedback, oldest first.

        `kind` says which of the two; the other keys are the columns that have a value.
        """

    def forget(self) -> str:
        """Remove what erasures left in the files of the database; return what could not be, for people, else ""."""

    def tombstones(self) -> Sequence[Tombstone]:
        """Return every erasure, oldest first."""

    def review(self, review: CorrectionReview) -> None:
        """Append a decision about a correction. The last one counts."""

    def reviews(self) -> Sequence[CorrectionReview]:
        """Return the last decision about every correction, sorted by correction."""


class AnswerLog(Protocol):
    """The record of served answers and of the feedback on them, as the gateways write it."""

    def record(
        self, answer_id: str, identity: str, question: str, answer: str, version: str, adapter_name: str, refused: bool
    ) -> None:
        """Store one served answer, given now."""

    def record_all(self, records: Sequence[AnswerRecord]) -> None:
        """Store served answers, all or none. An answer whose id is stored already is left as it is.

        So a gateway may hand over the same answers again when it does not know whether they arrived.
        """

    def given(self, answer_id: str) -> GivenAnswer | None:
        """Return a stored answer, a refusal too; None for an unknown id and for an answer that was erased."""

    def rate(
        self, answer_id: str, identity: str, rating: str, correction: str | None, details: Details = NO_DETAILS
    ) -> None:
        """Store an identity's feedback on an answer; it replaces earlier feedback. The same again changes nothing.

        `rating`: `up`, `down` or `middle`. Raises NotFound for no answer.
        """

    def opinion(self, answer_id: str, identity: str) -> Opinion | None:
        """Return an identity's feedback on an answer; None without any."""

    def take_back(self, answer_id: str, identity: str) -> bool:
        """Remove an identity's feedback on an answer. Returns False when there was none."""
