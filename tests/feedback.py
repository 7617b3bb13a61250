"""Keys and feedback for tests of the verbs."""

from __future__ import annotations

from datetime import UTC, datetime

from medpipe import errors, records, steps
from medpipe.core.refs import FeedbackRef, PairsRef
from medpipe.core.teaching.example import PreferencePair
from tests import fakes

END = datetime(2100, 1, 1, tzinfo=UTC)
"""Every key is old enough by then, and all feedback ripe."""


def holder(ports: fakes.FakePorts, label: str) -> str:
    """The identity of somebody who has a key."""
    return ports.keys.issue(label, "person").key.holder


def rate(
    ports: fakes.FakePorts,
    identity: str,
    answer: str,
    question: str = "",
    correction: str | None = "Rest for a day.",
    answered: str = "Dust.",
    rating: str = "down",
) -> None:
    """An answer, unless it was given before, and an identity's feedback on it."""
    try:
        ports.answers.rate(answer, identity, rating, correction)
    except errors.NotFound:
        asked = question or f"What helps against cold {answer}?"
        ports.answers.record(answer, "asker", asked, answered, "version/a", "a", refused=False)
        ports.answers.rate(answer, identity, rating, correction)


def collected(ports: fakes.FakePorts, end: datetime = END) -> FeedbackRef:
    """All feedback, validated."""
    feedback = steps.collect_feedback(end, ports=ports)
    steps.validate(feedback, "feedback", ports=ports)
    return feedback


def rows(ports: fakes.FakePorts, pairs: PairsRef | None, name: str) -> list[PreferencePair]:
    """One side of some pairs."""
    assert pairs is not None
    return list(records.read(ports.store.folder(pairs) / f"{name}.jsonl", PreferencePair))


def every(ports: fakes.FakePorts, pairs: PairsRef | None) -> list[PreferencePair]:
    """Both sides."""
    return [*rows(ports, pairs, "train"), *rows(ports, pairs, "heldout")]
