"""The audit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol


class Audit(Protocol):
    """A hash chain over what served when, keys, erasures, decisions about corrections, answers and ratings."""

    @property
    def checks_ids(self) -> bool:
        """Whether `faults` also names answers whose ids no gateway signed: the keys are known here."""

    def chain_answers(self) -> int:
        """Chain every answer, rating and rating taken back that is in no chain yet; return how many they are."""

    def faults(self) -> Iterator[str]:
        """Yield what is wrong: each change, loss, insertion or move in the chain or in a row that it covers."""

    def remarks(self) -> Iterator[str]:
        """Yield what may be wrong and has innocent causes too: answers and ratings that are dated too early."""
