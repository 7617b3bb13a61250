"""What a text says of a claim, for reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from medpipe.core.judging.entailment import Verdict


class Entailment(Protocol):
    """Judges whether texts say claims. The rules of `core.judging.entailment` do, and so may a model."""

    @property
    def name(self) -> str:
        """`rules`, or the name of the model with a digest of its files."""

    def verdicts(self, pairs: Sequence[tuple[str, str]]) -> Sequence[Verdict]:
        """Return the verdict on each pair of premise and claim, in order. A premise is whole; a claim is a sentence.

        Raises ConfigError for a model that is not one of entailment.
        """
