"""The switch that stops every gateway, on both databases."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from medpipe.backends.heads_file import HeadsFile
from medpipe.backends.sql.audit import SqlAudit
from medpipe.backends.sql.database import connect
from medpipe.backends.sql.kill_switch import SqlKillSwitch
from medpipe.errors import UsageError
from tests.clock import START, Clock


@pytest.fixture
def switch(database_url: str, clock: Clock) -> SqlKillSwitch:
    return SqlKillSwitch(connect(database_url), clock)


def test_serving_is_stopped_and_lifted_and_every_change_says_who_when_and_why(
    database_url: str, switch: SqlKillSwitch, clock: Clock
) -> None:
    assert switch.current() is None
    stop = switch.set(True, "wrong doses", "Dr. A")
    assert (stop.stopped, stop.at, stop.reason, stop.by) == (True, START, "wrong doses", "Dr. A")
    assert SqlKillSwitch(connect(database_url)).current() == stop, "another process sees it"
    clock.now = START + timedelta(hours=1)
    assert switch.set(True, "wrong doses", "Dr. A") == stop, "the same call again changes nothing"
    assert switch.set(True, "and wrong names", "Dr. B").by == "Dr. B"
    lifted = switch.set(False, "mended", "Dr. B")
    assert switch.current() == lifted and not lifted.stopped


def test_what_is_not_stopped_cannot_be_lifted(switch: SqlKillSwitch) -> None:
    for _ in range(2):
        with pytest.raises(UsageError, match="serving is not stopped"):
            switch.set(False, "mended", "Dr. B")
        switch.set(True, "wrong doses", "Dr. A")
        switch.set(False, "mended", "Dr. B")


def test_a_stop_cannot_be_removed_or_changed_and_the_audit_covers_it(database_url: str, tmp_path: Path) -> None:
    engine, heads = connect(database_url), HeadsFile(tmp_path / "heads.jsonl")
    SqlKillSwitch(engine, heads=heads).set(True, "wrong doses", "Dr. A")
    for change in ("UPDATE stops SET reason = 'none'", "DELETE FROM stops"):
        with engine.begin() as connection, pytest.raises(DBAPIError, match="append-only"):
            connection.execute(sa.text(change))
    assert list(SqlAudit(engine, heads).faults()) == []
    with engine.begin() as connection:
        columns = '(at, stopped, reason, "by")'
        connection.execute(sa.text(f"INSERT INTO stops {columns} VALUES ('2026-03-05 00:00:00', false, 'x', 'y')"))
    assert any("stops 2 is in no entry" in fault for fault in SqlAudit(engine, heads).faults())
