"""A rate limit counts each client's requests within a sliding window."""

from __future__ import annotations

import pytest

from medpipe.sandbox.nlm import rate_limit
from medpipe.sandbox.nlm.rate_limit import RateLimit


class Clock:
    """A clock that the test sets, in seconds."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(rate_limit, "time", clock)
    return clock


def test_requests_above_the_limit_are_refused_for_each_client_by_itself(clock: Clock) -> None:
    limit = RateLimit(seconds=1, refused_count=False)
    assert [limit.excess("a", 2) for _ in range(3)] == [0, 0, 3]
    assert limit.excess("b", 2) == 0


def test_requests_older_than_the_window_do_not_count(clock: Clock) -> None:
    limit = RateLimit(seconds=1, refused_count=False)
    assert [limit.excess("a", 1), limit.excess("a", 1)] == [0, 2]
    clock.now += 1.1
    assert limit.excess("a", 1) == 0


@pytest.mark.parametrize(("refused_count", "after_a_pause"), [(True, 3), (False, 0)])
def test_refused_requests_prolong_the_limit_only_where_they_count(
    refused_count: bool, after_a_pause: int, clock: Clock
) -> None:
    limit = RateLimit(seconds=1, refused_count=refused_count)
    limit.excess("a", 2)
    limit.excess("a", 2)
    clock.now += 0.6
    limit.excess("a", 2)
    limit.excess("a", 2)
    clock.now += 0.6
    assert limit.excess("a", 2) == after_a_pause
