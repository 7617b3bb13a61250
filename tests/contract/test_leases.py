"""Leases on both databases: one holder at a time, a token that grows, and nothing published by a holder that lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from medpipe import errors
from medpipe.backends.sql.database import connect
from medpipe.backends.sql.leases import SqlLeases
from medpipe.core.refs import ref
from medpipe.ports import Lease
from medpipe.settings import Settings
from medpipe.steps import artifact
from medpipe.steps.lease import Terms, exclusively
from tests import fakes
from tests.clock import Clock
from tests.contract.racers import race
from tests.manifests import inputs, outcome

NAME = ref("adapter", 1)
SHORT = Terms(seconds=0.3, wait_seconds=0.0, sleep=lambda _: None)


@pytest.fixture
def leases(database_url: str, clock: Clock) -> SqlLeases:
    return SqlLeases(connect(database_url), clock)


def test_one_worker_holds_a_lease_until_it_expires_and_the_token_grows(leases: SqlLeases, clock: Clock) -> None:
    first = leases.take(NAME, 10)
    assert first == Lease(NAME, 1)
    assert leases.take(NAME, 10) is None
    assert leases.take(ref("adapter", 2), 10) == Lease(ref("adapter", 2), 1)
    clock.wait(11)
    assert leases.take(NAME, 10) == Lease(NAME, 2)
    assert not leases.renew(first, 10), "its holder was taken over from"
    leases.release(first)
    assert leases.take(NAME, 10) is None, "and cannot end the lease of the next one"


def test_a_renewed_lease_lasts_and_an_expired_one_that_nobody_took_is_renewed(leases: SqlLeases, clock: Clock) -> None:
    lease = leases.take(NAME, 10)
    assert lease
    for _ in range(3):
        clock.wait(8)
        assert leases.renew(lease, 10)
        assert leases.take(NAME, 10) is None
    clock.wait(100)
    assert leases.renew(lease, 10)


def test_a_released_lease_can_be_taken_at_once(leases: SqlLeases) -> None:
    lease = leases.take(NAME, 1000)
    assert lease
    leases.release(lease)
    assert leases.take(NAME, 10) == Lease(NAME, 2)


def _take(ready: Callable[[], object], number: int, url: str) -> list[int]:
    leases, tokens = SqlLeases(connect(url)), []
    for round_ in range(20):
        ready()
        lease = leases.take(ref("adapter", round_), 1000)
        tokens.append(lease.token if lease else 0)
        ready()
    return tokens


def test_of_two_workers_at_once_exactly_one_gets_the_lease(database_url: str) -> None:
    connect(database_url)
    first, second = race(_take, database_url)
    assert [sorted(pair) for pair in zip(first, second, strict=True)] == [[0, 1]] * 20


def test_a_second_worker_is_told_to_try_again(database_url: str) -> None:
    leases = SqlLeases(connect(database_url))
    with exclusively(leases, NAME):
        with pytest.raises(errors.Unavailable, match=f"another worker is making {NAME}: wait until it has finished"):
            with exclusively(leases, NAME, SHORT):
                pytest.fail("two workers at once")
    with exclusively(leases, NAME, SHORT):
        pass


def test_the_lease_is_renewed_while_the_work_goes_on(database_url: str) -> None:
    leases = SqlLeases(connect(database_url))
    with exclusively(leases, NAME, SHORT) as check:
        threading.Event().wait(1.0)
        assert leases.take(NAME, 1) is None
        check()


def test_the_lease_of_a_killed_worker_ends_while_the_next_one_waits(leases: SqlLeases, clock: Clock) -> None:
    assert leases.take(NAME, 30)
    seconds = iter(range(1000))
    terms = Terms(clock=lambda: float(next(seconds)), sleep=clock.wait)
    with exclusively(leases, NAME, terms) as check:
        check()


def test_a_worker_that_was_taken_over_from_publishes_nothing(tmp_path: Path) -> None:
    ports = fakes.ports(Settings(home=tmp_path))
    target = artifact.target_ref("adapter", "train", inputs("adapter"))

    def slow(folder: Path) -> object:
        (folder / fakes.WEIGHTS).write_text("{}")
        stalled = SqlLeases(ports.database, lambda: datetime.now(UTC) + timedelta(hours=1))
        assert stalled.take(target, 3600), "another worker finds an expired lease"
        return outcome("adapter")

    with pytest.raises(errors.Unavailable, match=f"another worker has taken over {target}"):
        artifact.once_alone(ports, "adapter", "train", inputs("adapter"), slow)
    assert ports.store.find(target) is None
