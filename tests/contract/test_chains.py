"""Ledger and register as hash chains, on both databases: whatever the database's own login does is found."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import DBAPIError

from medpipe.backends.heads_file import HeadsFile
from medpipe.backends.sql import chain, migrations
from medpipe.backends.sql.database import connect
from medpipe.backends.sql.ledger import SqlLedger
from medpipe.backends.sql.withdrawals import SqlWithdrawals
from medpipe.core.knowledge.withdrawals import State
from medpipe.errors import Damaged
from tests.contract.racers import race
from tests.core.knowledge.test_withdrawals import claim, event

TABLES = ("ledger", "withdrawals")
Chained = SqlLedger | SqlWithdrawals


@pytest.fixture
def engine(database_url: str) -> sa.Engine:
    return connect(database_url)


@pytest.fixture
def heads(tmp_path: Path) -> HeadsFile:
    return HeadsFile(tmp_path / "heads.jsonl")


def written(table: str, engine: sa.Engine, heads: HeadsFile, first: int = 0) -> Chained:
    """A chain with some entries."""
    if table == "ledger":
        ledger = SqlLedger(engine, heads=heads)
        for number in range(first, first + 4):
            ledger.append("compared", f"version/{number}", "fail", ["é", f"reason {number}"], key=f"compared {number}")
        return ledger
    register = SqlWithdrawals(engine, heads)
    for number in range(first, first + 4):
        register.append(event(State.OPENED, f"pmid:{number}", claim("Draxon fever", f"pmid:{number}")))
    return register


def without_triggers(engine: sa.Engine, table: str, *statements: str) -> None:
    """Run statements as the application's own login can: after switching the refusals off."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            triggers = sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for name in connection.execute(triggers).scalars().all():
                connection.execute(sa.text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        for statement in statements:
            connection.execute(sa.text(statement))


@pytest.mark.parametrize("table", TABLES)
def test_an_untouched_chain_has_no_fault(engine: sa.Engine, heads: HeadsFile, table: str) -> None:
    assert list(written(table, engine, heads).faults()) == []


def test_a_swap_of_the_champion_is_part_of_the_chain(engine: sa.Engine, heads: HeadsFile) -> None:
    ledger = SqlLedger(engine, heads=heads)
    assert ledger.swap_champion(None, "version/a", "decision/1", ["gained"])
    assert not ledger.swap_champion(None, "version/b", "decision/1", ["gained"])
    ledger.append("deployed", "version/a", "", [])
    assert list(ledger.faults()) == []
    assert [entry.sequence for entry in ledger.history()] == [1, 2]


CHANGES = {
    "ledger": ("event", "version", "decision", "reasons", "key", "evidence", "at", "previous", "digest"),
    "withdrawals": ("document", "state", "reason", "by", "evidence", "revision", "claims", "at", "previous", "digest"),
}


@pytest.mark.parametrize(("table", "column"), [(table, column) for table in TABLES for column in CHANGES[table]])
def test_a_change_of_any_column_is_found(engine: sa.Engine, heads: HeadsFile, table: str, column: str) -> None:
    chained = written(table, engine, heads)
    new = {
        "at": "'2001-01-01 00:00:00.000000'",
        "reasons": "'[\"other\"]'",
        "claims": "'[]'",
        "revision": "7",
    }.get(column, "'0'")
    without_triggers(engine, table, f'UPDATE {table} SET "{column}" = {new} WHERE sequence = 2')
    assert any("entry 2" in fault for fault in chained.faults())


@pytest.mark.parametrize("table", TABLES)
def test_a_space_inside_a_stored_list_is_found(engine: sa.Engine, heads: HeadsFile, table: str) -> None:
    chained = written(table, engine, heads)
    column = "reasons" if table == "ledger" else "claims"
    as_text, back = f"CAST({column} AS TEXT)", "" if engine.dialect.name == "sqlite" else "::json"
    without_triggers(
        engine, table, f"UPDATE {table} SET {column} = (replace({as_text}, '[', '[ ')){back} WHERE sequence = 3"
    )
    assert list(chained.faults()) == ["entry 3 was changed: its digest does not fit its text"]


REMOVALS = {"first": "= 1", "inner": "= 2", "last": "= 4", "newest two": "> 2", "all": "> 0"}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("where", REMOVALS)
def test_a_removed_entry_is_found(engine: sa.Engine, heads: HeadsFile, table: str, where: str) -> None:
    chained = written(table, engine, heads)
    without_triggers(engine, table, f"DELETE FROM {table} WHERE sequence {REMOVALS[where]}")
    assert list(chained.faults())


@pytest.mark.parametrize("table", TABLES)
def test_entries_in_another_order_are_found(engine: sa.Engine, heads: HeadsFile, table: str) -> None:
    chained = written(table, engine, heads)
    swap = [f"UPDATE {table} SET sequence = {new} WHERE sequence = {old}" for old, new in ((2, 99), (3, 2), (99, 3))]
    without_triggers(engine, table, *swap)
    assert list(chained.faults())


@pytest.mark.parametrize("table", TABLES)
def test_an_inserted_entry_is_found(engine: sa.Engine, heads: HeadsFile, table: str) -> None:
    chained = written(table, engine, heads)
    names = [column["name"] for column in sa.inspect(engine).get_columns(table) if column["name"] != "key"]
    columns = ", ".join(f'"{name}"' for name in names)
    values = ", ".join({"sequence": "5", "previous": "'x'"}.get(name, f'"{name}"') for name in names)
    without_triggers(engine, table, f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table} WHERE sequence = 2")
    assert any("entry 5" in fault for fault in chained.faults())


@pytest.mark.parametrize("table", TABLES)
def test_a_chain_that_its_login_computed_anew_is_found(
    engine: sa.Engine, heads: HeadsFile, tmp_path: Path, table: str
) -> None:
    chained = written(table, engine, heads)
    without_triggers(engine, table, f"DELETE FROM {table}")
    written(table, engine, HeadsFile(tmp_path / "elsewhere.jsonl"), first=1)
    assert any("is not the one whose digest was kept" in fault for fault in chained.faults())


@pytest.mark.parametrize("table", [*TABLES, "route", "adapter_names", "erasures", "corrections"])
@pytest.mark.parametrize("pragma", ["ON", "OFF"])
def test_sqlite_refuses_to_replace_a_row_on_every_connection(tmp_path: Path, table: str, pragma: str) -> None:
    engine, heads = connect(f"sqlite:///{tmp_path / 'medpipe.db'}"), HeadsFile(tmp_path / "heads.jsonl")
    if table in TABLES:
        written(table, engine, heads)
    with sqlite3.connect(tmp_path / "medpipe.db") as connection:
        connection.execute(f"PRAGMA recursive_triggers={pragma}")
        if table == "route":
            columns = "generation, version, adapter_name, at"
            values = "1, 'version/a', 'a', '2026-01-01 00:00:00.000000'"
            connection.execute(f"INSERT INTO route ({columns}) VALUES ({values})")
        if table == "adapter_names":
            connection.execute("INSERT INTO adapter_names VALUES ('a', '2026-01-01 00:00:00.000000')")
        if table in ("erasures", "corrections"):
            connection.execute(f"INSERT INTO {table} VALUES (1, '2026-01-01 00:00:00.000000', 'a', 'b', 'c', 'd')")
        before = connection.execute(f"SELECT * FROM {table}").fetchall()
        with pytest.raises(sqlite3.DatabaseError, match="append-only"):
            connection.execute(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1")
        assert connection.execute(f"SELECT * FROM {table}").fetchall() == before


def test_a_replaced_row_is_found_where_the_refusal_was_switched_off(tmp_path: Path) -> None:
    engine, heads = connect(f"sqlite:///{tmp_path / 'medpipe.db'}"), HeadsFile(tmp_path / "heads.jsonl")
    ledger = written("ledger", engine, heads)
    columns = 'sequence, at, event, version, decision, reasons, previous, digest, "key", evidence'
    row = columns.replace("decision", "'pass'")
    replace = f"INSERT OR REPLACE INTO ledger ({columns}) SELECT {row} FROM ledger WHERE sequence = 2"
    without_triggers(engine, "ledger", replace)
    assert list(ledger.faults()) == ["entry 2 was changed: its digest does not fit its text"]


def test_an_effect_with_a_key_is_written_down_once(engine: sa.Engine, heads: HeadsFile) -> None:
    ledger = SqlLedger(engine, heads=heads)
    for reason in ("first", "second"):
        ledger.append("registered", "version/a", "pass", [reason], key="registered version/a", evidence="abc")
        ledger.append("held", "version/a", "fail", [reason])
    assert [(entry.event, entry.reasons, entry.evidence) for entry in ledger.history()] == [
        ("registered", ("first",), "abc"),
        ("held", ("first",), ""),
        ("held", ("second",), ""),
    ]


def _append(ready: Callable[[], object], number: int, url: str, folder: str) -> str:
    heads = HeadsFile(Path(folder) / "heads.jsonl")
    ledger, register = SqlLedger(connect(url), heads=heads), SqlWithdrawals(connect(url), heads)
    ready()
    for round_ in range(25):
        ledger.append("compared", f"version/{number}-{round_}", "fail", [])
        ledger.append("registered", f"version/{round_}", "pass", [], key=f"registered {round_}")
        register.append(event(State.OPENED, f"pmid:{number}-{round_}"))
    return "appended"


def test_the_chain_of_several_writers_at_once_is_one_line(database_url: str, tmp_path: Path) -> None:
    connect(database_url)
    race(_append, database_url, str(tmp_path), racers=3)
    heads = HeadsFile(tmp_path / "heads.jsonl")
    ledger, register = SqlLedger(connect(database_url), heads=heads), SqlWithdrawals(connect(database_url), heads)
    assert list(ledger.faults()) == list(register.faults()) == []
    assert len(list(ledger.history())) == 3 * 25 + 25
    assert len(register.events()) == 3 * 25


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"chain": "ledger"}', '{"chain": "ledger", "sequence": "x", "digest": ""}']
)
def test_heads_that_cannot_be_read_are_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "heads.jsonl").write_text(line + "\n")
    with pytest.raises(Damaged, match=r"heads\.jsonl"):
        list(HeadsFile(tmp_path / "heads.jsonl").kept("ledger"))


@contextmanager
def schema(url: str, revision: str) -> Iterator[sa.Connection]:
    """A connection to an empty database with the schema of an earlier release."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    bare = sa.create_engine(url)
    with bare.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        yield connection
        connection.commit()
    bare.dispose()


@pytest.mark.parametrize("revision", ["0001", "0002"])
def test_entries_of_an_earlier_release_are_chained_by_the_migration(
    database_url: str, tmp_path: Path, revision: str
) -> None:
    with schema(database_url, revision) as connection:
        for number in (1, 2):
            connection.execute(
                sa.text(
                    "INSERT INTO ledger (at, event, version, decision, reasons) "
                    f"VALUES ('2026-01-0{number} 10:00:00.5', 'held', 'version/a', 'fail', '[\"é\"]')"
                )
            )
    ledger = SqlLedger(connect(database_url), heads=HeadsFile(tmp_path / "heads.jsonl"))
    ledger.append("held", "version/b", "fail", [])
    assert [entry.sequence for entry in ledger.history()] == [1, 2, 3]
    assert list(ledger.faults()) == []
    with pytest.raises(DBAPIError, match="append-only"), connect(database_url).begin() as connection:
        connection.execute(sa.text("DELETE FROM ledger"))


def test_later_migrations_leave_the_digests_of_chained_entries_as_they_are(database_url: str, heads: HeadsFile) -> None:
    with schema(database_url, "0004") as connection:
        first = {name: sa.Table(name, sa.MetaData(), autoload_with=connection) for name in TABLES}
        opened = event(State.OPENED, "pmid:0", claim("Draxon fever", "pmid:0"))
        withdrawn = opened.model_dump(mode="json", exclude={"revision"}) | {"at": opened.at}
        held = {"at": opened.at, "event": "held", "version": "version/a", "decision": "fail", "reasons": ["é"]}
        for name, columns in zip(TABLES, (held, withdrawn), strict=True):
            heads.keep(name, chain.append(connection, first[name], columns))
    engine = connect(database_url)
    for table in TABLES:
        assert list(written(table, engine, heads, first=1).faults()) == []
    assert SqlWithdrawals(engine).events()[0] == opened
