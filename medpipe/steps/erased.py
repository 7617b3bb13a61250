"""What was erased on a person's request: never taught again, from whatever artifact it is read."""

from __future__ import annotations

from datetime import datetime

from medpipe.core.refs import digest_of
from medpipe.core.teaching.feedback import ERASED
from medpipe.ports import Ports
from medpipe.steps import carried


class Erased:
    """Every erasure so far."""

    def __init__(self, ports: Ports) -> None:
        stones = ports.feedback.tombstones()
        self._answers = frozenset(stone.answer_id for stone in stones if stone.answer_id)
        self._identities = {stone.identity: stone.at for stone in stones if stone.identity}

    def covers(self, answer_id: str, identity: str, at: datetime | None = None) -> bool:
        """Return whether feedback was erased. `at`: when it was given; None counts as before the erasure."""
        until = self._identities.get(identity)
        return identity == ERASED or answer_id in self._answers or (until is not None and (at is None or at <= until))


def erased_digest(ports: Ports) -> str:
    """Return a digest of what was erased, "" when nothing was."""
    stones = [stone._asdict() for stone in ports.feedback.tombstones()]
    return digest_of(stones) if stones else ""


def erased_pairs(ports: Ports, model: str) -> tuple[str, ...]:
    """Return the pairs that a model's line of trainings learned from and of which something was erased since."""
    line = carried.line_of(ports, model)
    return tuple(dict.fromkeys(adapter.outcome.data for adapter in line if taught_erased(ports, adapter.outcome.data)))


def taught_erased(ports: Ports, data: str) -> bool:
    """Return whether something was erased of what training data teach."""
    blanked = ports.store.blanked(data)
    return blanked is not None and carried.TRAINING in blanked.files
