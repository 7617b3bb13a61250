"""The ledger: it is append-only, every swap has one winner, and many processes may migrate at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from medpipe.backends.sql.database import connect, ledger
from medpipe.backends.sql.ledger import SqlLedger
from medpipe.backends.sql.migrations import migrate
from medpipe.errors import Unavailable, UsageError
from tests.contract.racers import race

ROUNDS = 40


@pytest.fixture
def book(database_url: str) -> SqlLedger:
    return SqlLedger(connect(database_url))


def test_there_is_no_champion_before_the_first_promotion(book: SqlLedger) -> None:
    assert book.champion() is None
    assert book.entries() == []


def test_a_swap_moves_the_champion_and_is_written_down(book: SqlLedger) -> None:
    assert book.swap_champion(None, "version/a", "decision/1", ["gained 0.4"])
    assert book.swap_champion("version/a", "version/b", "decision/2", ["better"], event="rolled-back")

    newest, oldest = book.entries()
    assert book.champion() == "version/b"
    assert (newest.event, newest.version, newest.reasons) == ("rolled-back", "version/b", ("better",))
    assert (oldest.event, oldest.decision, oldest.sequence) == ("promoted", "decision/1", 1)
    assert abs((datetime.now(UTC) - newest.at).total_seconds()) < 60


@pytest.mark.parametrize("expected", [None, "version/x"])
def test_a_swap_that_expects_another_champion_changes_nothing(book: SqlLedger, expected: str | None) -> None:
    book.swap_champion(None, "version/a", "decision/1", [])

    assert not book.swap_champion(expected, "version/b", "decision/2", [])
    assert book.champion() == "version/a"
    assert len(book.entries()) == 1


def test_entries_come_newest_first_and_no_more_than_asked(book: SqlLedger) -> None:
    for number in range(5):
        book.append("compared", f"version/{number}", "inconclusive", ["é", "±"])

    assert [entry.version for entry in book.entries(2)] == ["version/4", "version/3"]
    assert book.entries(1)[0].reasons == ("é", "±")


def test_entries_of_some_events_are_found_among_all_others_and_none_is_too_old(book: SqlLedger) -> None:
    book.append("held", "version/a", "fail", ["first"])
    for number in range(120):
        book.append("compared", f"version/{number}", "fail", [])
    book.append("held", "version/b", "fail", ["second"])
    assert [entry.version for entry in book.entries(None, ("held", "barred"))] == ["version/b", "version/a"]
    assert [entry.version for entry in book.entries(1, ("held",))] == ["version/b"]
    assert len(book.entries(None)) == 122
    assert [entry.reasons for entry in book.entries(None, versions=("version/a", "version/b"))] == [
        ("second",),
        ("first",),
    ]
    assert [entry.event for entry in book.entries(1, ("compared",), ("version/7", "version/b"))] == ["compared"]


def test_a_barred_version_never_becomes_champion_until_the_bar_is_lifted(book: SqlLedger) -> None:
    for _ in range(2):
        assert book.bar("version/a", "wrong drug", "Dr. A")
    assert {version: (entry.reasons, entry.by) for version, entry in book.barred().items()} == {
        "version/a": (("wrong drug",), "Dr. A")
    }
    assert not book.swap_champion(None, "version/a", "decision/1", [])
    assert book.champion() is None
    for _ in range(2):
        book.unbar("version/a", "the drug was right", "Dr. B")
    assert book.barred() == {}
    assert book.swap_champion(None, "version/a", "decision/1", [])
    assert [entry.event for entry in reversed(book.entries())] == ["barred", "unbarred", "promoted"]
    assert [entry.by for entry in reversed(book.entries())] == ["Dr. A", "Dr. B", ""]


def test_the_champion_is_barred_only_in_the_swap_that_ends_it(book: SqlLedger) -> None:
    book.swap_champion(None, "version/a", "decision/1", [])
    book.swap_champion("version/a", "version/b", "decision/2", [])
    assert not book.bar("version/b", "worse", "Dr. A")
    assert not book.swap_champion("version/x", "version/a", "decision/1", ["worse"], "rolled-back", bar="worse")
    assert book.barred() == {}
    assert book.swap_champion("version/b", "version/a", "decision/1", ["worse"], "rolled-back", bar="worse", by="Dr. A")
    assert (book.champion(), [*book.barred()]) == ("version/a", ["version/b"])
    newest, before = book.entries(2)
    assert (before.event, before.version, before.reasons) == ("barred", "version/b", ("worse",))
    assert (newest.event, newest.version) == ("rolled-back", "version/a")
    assert newest.by == before.by == "Dr. A"


def _bar_or_promote(ready: Callable[[], object], number: int, url: str) -> list[bool]:
    book, done = SqlLedger(connect(url)), []
    for round_ in range(ROUNDS):
        expected, version = book.champion(), f"version/{round_}"
        ready()
        done.append(book.bar(version, "worse", "Dr. A") if number else book.swap_champion(expected, version, "", []))
        ready()
    return done


def test_of_a_bar_and_a_promotion_at_once_exactly_one_happens(database_url: str) -> None:
    connect(database_url)

    promotions, bars = race(_bar_or_promote, database_url)

    assert [promoted + barred for promoted, barred in zip(promotions, bars, strict=True)] == [1] * ROUNDS


@pytest.mark.parametrize("change", [sa.update(ledger).values(event="promoted"), sa.delete(ledger)])
def test_the_database_itself_refuses_to_change_history(database_url: str, book: SqlLedger, change: sa.Update) -> None:
    book.append("compared", "version/a", "fail", [])

    with pytest.raises(DBAPIError, match="append-only"), connect(database_url).begin() as connection:
        connection.execute(change)
    assert [entry.event for entry in book.entries()] == ["compared"]


def _promote(ready: Callable[[], object], number: int, url: str) -> list[bool]:
    book, won = SqlLedger(connect(url)), []
    for round_ in range(ROUNDS):
        expected = book.champion()
        ready()
        won.append(book.swap_champion(expected, f"version/{round_}-{number}", "decision/1", []))
        ready()
    return won


def test_of_two_promoters_exactly_one_wins_every_time(database_url: str) -> None:
    connect(database_url)

    first, second = race(_promote, database_url)

    assert [wins + other_wins for wins, other_wins in zip(first, second, strict=True)] == [1] * ROUNDS
    assert len(SqlLedger(connect(database_url)).entries(1000)) == ROUNDS


def _migrate(ready: Callable[[], object], number: int, url: str) -> str:
    ready()
    migrate(url)
    SqlLedger(connect(url)).append("compared", f"version/{number}", "fail", [])
    return "migrated"


def test_several_processes_may_migrate_an_empty_database_at_once(database_url: str) -> None:
    assert race(_migrate, database_url, racers=4) == ["migrated"] * 4
    assert len(SqlLedger(connect(database_url)).entries()) == 4


def test_the_tables_are_those_that_the_migrations_make(database_url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from medpipe.backends.sql.database import metadata

    with connect(database_url).connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


@pytest.mark.parametrize("address", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="must be a file"):
        connect(address)


@pytest.mark.parametrize(
    "address", ["secret words", "", "secret://host/name", "mysql+secret://host/name", "mysql://me:secret@host/name"]
)
@pytest.mark.parametrize("opened", [connect, migrate])
def test_an_address_that_names_no_database_is_refused_without_repeating_it(
    opened: Callable[[str], object], address: str
) -> None:
    with pytest.raises(UsageError, match="MEDPIPE_DATABASE_URL") as refusal:
        opened(address)
    assert "secret" not in str(refusal.value)


def test_a_database_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(Unavailable, match=r"medpipe:\*\*\*@127\.0\.0\.1:9/medpipe does not answer") as refusal:
        connect("postgresql+psycopg2://medpipe:secret@127.0.0.1:9/medpipe")
    assert "secret" not in str(refusal.value)


def test_no_migration_that_would_lose_what_is_stored_can_be_undone(tmp_path: Path) -> None:
    from alembic import command
    from alembic.config import Config

    from medpipe.backends.sql import migrations

    url = f"sqlite:///{tmp_path / 'medpipe.db'}"
    SqlLedger(connect(url)).append("compared", "version/a", "fail", [])
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with sa.create_engine(url).connect() as connection:
        config.attributes["connection"] = connection
        with pytest.raises(UsageError, match="cannot be undone"):
            command.downgrade(config, "base")
    assert len(SqlLedger(connect(url)).entries()) == 1


def test_a_fault_of_the_database_never_repeats_the_values_of_a_statement(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'medpipe.db'}")
    with engine.connect() as connection, pytest.raises(DBAPIError) as fault:
        connection.execute(sa.text("INSERT INTO nowhere VALUES (:said)"), {"said": "my private words"})
    assert "private" not in str(fault.value)
