"""The register of withdrawals on both databases: entries come back whole and in order, and none can be changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from medpipe.backends.sql.database import connect, gateway_blocks, withdrawals
from medpipe.backends.sql.routes import SqlRoutes
from medpipe.backends.sql.withdrawals import SqlWithdrawals
from medpipe.core.knowledge.withdrawals import State
from tests.contract.test_routes import Clock
from tests.core.knowledge.test_withdrawals import claim, event


def test_entries_come_back_whole_and_in_the_order_in_which_they_were_appended(database_url: str) -> None:
    register = SqlWithdrawals(connect(database_url))
    appended = [event(State.OPENED, "pmid:2", claim("Draxon fever", "pmid:2")), event(State.BLOCKED, "pmid:2")]
    for entry in appended:
        register.append(entry)

    assert list(register.events()) == appended


@pytest.mark.parametrize("change", [sa.update(withdrawals).values(state="lifted"), sa.delete(withdrawals)])
def test_the_database_refuses_to_change_or_remove_an_entry(database_url: str, change: sa.Executable) -> None:
    engine = connect(database_url)
    SqlWithdrawals(engine).append(event(State.OPENED))

    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(change)
    assert [entry.state for entry in SqlWithdrawals(engine).events()] == [State.OPENED]


def test_the_newest_entry_is_counted_from_one(database_url: str) -> None:
    register = SqlWithdrawals(connect(database_url))
    assert register.newest() == 0
    register.append(event(State.OPENED))
    register.append(event(State.BLOCKED))
    assert register.newest() == 2


def test_an_entry_keeps_the_revision_that_it_rests_on(database_url: str) -> None:
    register = SqlWithdrawals(connect(database_url))
    entry = event(State.OPENED).model_copy(update={"revision": 20260303260001, "evidence": "pmid:99"})
    register.append(entry)
    assert list(register.events()) == [entry]


def test_every_live_gateway_must_enforce_an_entry_and_a_silent_one_is_behind(database_url: str) -> None:
    engine, clock = connect(database_url), Clock()
    register, routes = SqlWithdrawals(engine, clock=clock), SqlRoutes(engine, clock)
    assert register.behind(1) == ()

    for gateway in ("one", "two"):
        routes.heartbeat(gateway, 1, None)
    register.enforce("one", 1)
    assert register.behind(1) == ("two",), "a gateway that never said what it enforces is behind"
    register.enforce("two", 2)
    assert register.behind(1) == ()
    assert register.behind(2) == ("one",)
    register.enforce("one", 2)
    assert register.behind(2) == ()


def test_a_gateway_that_is_gone_or_silent_is_not_waited_for(database_url: str) -> None:
    engine, clock = connect(database_url), Clock()
    register, routes = SqlWithdrawals(engine, clock=clock), SqlRoutes(engine, clock)
    routes.heartbeat("gone", 1, None)
    routes.heartbeat("dead", 1, None)
    routes.leave("gone")
    assert register.behind(1) == ("dead",)
    clock.now += timedelta(seconds=16)
    assert register.behind(1) == ()


def test_rows_of_gateways_that_are_gone_are_removed_when_a_new_one_appears(database_url: str) -> None:
    engine = connect(database_url)
    register, routes = SqlWithdrawals(engine), SqlRoutes(engine)
    for gateway in ("gone", "new"):
        routes.heartbeat(gateway, 1, None)
        register.enforce(gateway, 1)
        if gateway == "gone":
            routes.leave(gateway)
    with engine.connect() as connection:
        assert connection.execute(sa.select(gateway_blocks.c.gateway)).scalars().all() == ["new"]
