"""Retries: as often as configured, only after temporary errors, with a line in the log and growing pauses."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
import tenacity.nap

from medpipe.sources.transport import retry


class Passing(Exception):
    """A temporary error."""


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were waited, without waiting."""
    waited: list[float] = []
    monkeypatch.setattr(tenacity.nap.time, "sleep", waited.append)
    return waited


def _failing(*errors: Exception) -> Callable[[], str]:
    waiting = list(errors)

    def answer() -> str:
        if waiting:
            raise waiting.pop(0)
        return "answer"

    return answer


def _patient(attempts: int, pause: float = 0) -> Callable[[Callable[[], str]], str]:
    return retry.retrying(attempts, retry.is_a(Passing), lambda error: f"file.xml: broke off ({error})", pause)


def test_what_passes_is_not_noticed_but_in_the_log(pauses: list[float], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert _patient(3)(_failing(Passing("a"), Passing("b"))) == "answer"
    assert [record.getMessage() for record in caplog.records] == [
        "file.xml: broke off (a), attempt 1 of 3",
        "file.xml: broke off (b), attempt 2 of 3",
    ]


def test_after_the_last_attempt_the_last_error_is_raised_as_it_is(pauses: list[float]) -> None:
    errors = [Passing("a"), Passing("b"), Passing("c")]
    with pytest.raises(Passing) as caught:
        _patient(3)(_failing(*errors, ValueError("one attempt too many")))
    assert caught.value is errors[2]


def test_what_will_not_pass_is_raised_at_once(pauses: list[float]) -> None:
    with pytest.raises(ValueError, match="wrong"):
        _patient(3)(_failing(ValueError("wrong"), Passing("never asked for")))
    assert pauses == []


def test_pauses_grow(pauses: list[float]) -> None:
    with pytest.raises(Passing):
        _patient(4, pause=0.5)(_failing(*(Passing() for _ in range(4))))
    assert pauses == [0.5, 1.0, 1.5]
