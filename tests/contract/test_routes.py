"""Routes: a switch has one winner, names are never reused, and live gateways are waited for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from medpipe.backends.sql.database import connect
from medpipe.backends.sql.ledger import SqlLedger
from medpipe.backends.sql.routes import SqlRoutes
from medpipe.ports import Route
from tests.clock import Clock
from tests.contract.racers import race
from tests.contracts import CONTRACT

ROUNDS = 40


@pytest.fixture
def routes(database_url: str, clock: Clock) -> SqlRoutes:
    return SqlRoutes(connect(database_url), clock)


def test_nothing_is_routed_at_first(routes: SqlRoutes) -> None:
    assert routes.current() is None
    assert routes.retired() == frozenset()


def test_a_switch_makes_the_next_generation(routes: SqlRoutes) -> None:
    first = routes.switch(None, "version/a", "a", CONTRACT)
    second = routes.switch(first, "version/b", "b", CONTRACT)

    assert (first, second) == (Route("version/a", "a", 1, CONTRACT), Route("version/b", "b", 2, CONTRACT))
    assert routes.current() == second
    assert routes.retired() == {"a"}


def test_a_name_that_is_routed_again_is_not_retired(routes: SqlRoutes) -> None:
    first = routes.switch(None, "version/a", "a", CONTRACT)
    second = routes.switch(first, "version/b", "b", CONTRACT)
    routes.switch(second, "version/a", "a", CONTRACT)

    assert routes.retired() == {"b"}


def test_a_switch_from_an_old_route_is_lost(routes: SqlRoutes) -> None:
    first = routes.switch(None, "version/a", "a", CONTRACT)
    second = routes.switch(first, "version/b", "b", CONTRACT)

    assert routes.switch(first, "version/c", "c", CONTRACT) is None
    assert routes.switch(None, "version/c", "c", CONTRACT) is None
    assert routes.current() == second


def test_a_switch_that_depends_on_the_champion_is_lost_when_the_version_is_not_it(
    routes: SqlRoutes, database_url: str
) -> None:
    ledger = SqlLedger(connect(database_url))
    assert routes.switch(None, "version/a", "a", CONTRACT, only_champion=True) is None
    ledger.swap_champion(None, "version/a", "", ())
    first = routes.switch(None, "version/a", "a", CONTRACT, only_champion=True)
    assert first == routes.current() == Route("version/a", "a", 1, CONTRACT)
    ledger.swap_champion("version/a", "version/b", "", ())
    assert routes.switch(first, "version/a", "a-2", CONTRACT, only_champion=True) is None
    assert routes.switch(first, "version/a", "a-2", CONTRACT) == routes.current()
    assert ledger.champion() == "version/b"


def test_an_adapter_name_can_be_claimed_once_for_ever(routes: SqlRoutes) -> None:
    assert routes.claim("medqa-v1-aaaaaa")
    assert not routes.claim("medqa-v1-aaaaaa")


def test_a_generation_is_settled_when_every_gateway_follows_and_has_drained(routes: SqlRoutes) -> None:
    assert routes.settled(2)

    routes.heartbeat("one", 1, None)
    assert not routes.settled(2)
    routes.heartbeat("one", 2, 1)
    assert not routes.settled(2)
    routes.heartbeat("one", 2, 2)
    assert routes.settled(2)
    routes.heartbeat("two", 1, 1)
    assert not routes.settled(2)
    routes.leave("two")
    assert routes.settled(2)


def test_a_dead_gateway_is_not_waited_for(routes: SqlRoutes, clock: Clock) -> None:
    routes.heartbeat("dead", 1, 1)
    clock.now += timedelta(seconds=14)
    assert not routes.settled(2)
    clock.now += timedelta(seconds=2)
    assert routes.settled(2)


def test_gateways_that_died_long_ago_are_forgotten(routes: SqlRoutes, clock: Clock) -> None:
    routes.heartbeat("dead", 1, None)
    clock.now += timedelta(days=2)
    routes.heartbeat("new", 1, None)
    clock.now -= timedelta(days=2)

    assert not routes.settled(2)
    routes.leave("new")
    assert routes.settled(2)


def _switch(ready: Callable[[], object], number: int, url: str) -> list[bool]:
    routes, won = SqlRoutes(connect(url)), []
    for round_ in range(ROUNDS):
        expected = routes.current()
        ready()
        won.append(routes.switch(expected, f"version/{round_}-{number}", f"{round_}-{number}", CONTRACT) is not None)
        ready()
    return won


def test_of_two_deployments_exactly_one_switches_every_time(database_url: str) -> None:
    connect(database_url)

    first, second = race(_switch, database_url)

    assert [wins + other_wins for wins, other_wins in zip(first, second, strict=True)] == [1] * ROUNDS
    current = SqlRoutes(connect(database_url)).current()
    assert current is not None
    assert current.generation == ROUNDS
