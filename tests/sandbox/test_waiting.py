"""Waiting for a condition: its result, its errors and the end of patience."""

from __future__ import annotations

import pytest

from medpipe.sandbox.waiting import wait_until


def test_the_first_true_result_is_returned() -> None:
    results = iter([[], [], ["run-1"], ["run-2"]])
    assert wait_until(lambda: next(results), patience=5, pause=0.01) == ["run-1"]


def test_waiting_ends_with_a_timeout_when_the_condition_stays_false() -> None:
    with pytest.raises(TimeoutError, match="0 s"):
        wait_until(lambda: False, patience=0.05, pause=0.01)


def test_an_error_of_the_condition_ends_the_waiting_at_once() -> None:
    calls: list[int] = []

    def condition() -> bool:
        calls.append(1)
        raise LookupError("the server exited")

    with pytest.raises(LookupError, match="the server exited"):
        wait_until(condition, patience=5, pause=0.01)
    assert len(calls) == 1
