"""Review queues: pages on which raters rate, in place of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from medpipe.core.judging.rating.policy import Criterion
from medpipe.core.judging.rating.scale import Dimension
from medpipe.core.judging.rating.sheet import Shown


class ReviewQueues(Protocol):
    """Each rater has a queue for each sheet, with answers of its own, and sees what nobody else said.

    Every method raises Unavailable when the tool does not answer or refuses.
    """

    def offer(self, sheet: str, rater: str, answers: Sequence[Shown], rubric: Mapping[Dimension, Criterion]) -> str:
        """Put answers into a rater's queue, with the rubric as its questions, and return where it is.

        What is there already stays as it is, with its ratings.
        """

    def said(self, sheet: str, rater: str) -> str:
        """Return what the rater said so far as lines of JSON, as in a filled `sheet.jsonl`; "" without a queue."""
