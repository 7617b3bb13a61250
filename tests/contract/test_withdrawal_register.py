"""The register of withdrawals on both databases: entries come back whole and in order, and none can be changed."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from medpipe.backends.sql.database import connect, withdrawals
from medpipe.backends.sql.withdrawals import SqlWithdrawals
from medpipe.core.knowledge.withdrawals import State
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
