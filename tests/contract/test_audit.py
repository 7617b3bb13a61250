"""The audit on both databases: what its own login changes in routes, keys, answers, ratings and erasures is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from medpipe.backends.heads_file import HeadsFile
from medpipe.backends.sql.audit import SqlAudit
from medpipe.backends.sql.database import connect
from medpipe.backends.sql.feedback_store import SqlFeedbackStore
from medpipe.backends.sql.keys import SqlKeys
from medpipe.backends.sql.routes import SqlRoutes
from medpipe.core import answer_ids
from medpipe.ports import CorrectionReview
from tests.contract.racers import race
from tests.contract.test_chains import schema, without_triggers
from tests.contracts import CONTRACT

START = datetime(2026, 3, 4, 12, tzinfo=UTC)


class Clock:
    """A clock that goes on by a second at each look."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


class State(NamedTuple):
    engine: sa.Engine
    clock: Clock
    routes: SqlRoutes
    keys: SqlKeys
    store: SqlFeedbackStore
    audit: SqlAudit
    heads: HeadsFile

    def faults(self) -> list[str]:
        return list(self.audit.faults())

    def change(self, *statements: str) -> None:
        """Change the database as its own login can."""
        for table in ("route", "erasures", "corrections"):
            without_triggers(self.engine, table)
        without_triggers(self.engine, "audit", *statements)

    def one(self, query: str) -> str:
        with self.engine.connect() as connection:
            return str(connection.execute(sa.text(query)).scalar_one())


def opened(url: str, heads: HeadsFile) -> State:
    engine, clock = connect(url), Clock()
    return State(
        engine,
        clock,
        SqlRoutes(engine, clock, heads=heads),
        SqlKeys(engine, clock, heads),
        SqlFeedbackStore(engine, clock, heads),
        SqlAudit(engine, heads, clock),
        heads,
    )


@pytest.fixture
def state(database_url: str, tmp_path: Path) -> Iterator[State]:
    """Two routes, two keys, five answers with ratings, an erasure and a decision, in two batches; and a bit more."""
    state = opened(database_url, HeadsFile(tmp_path / "heads.jsonl"))
    first = state.routes.switch(None, "version/a", "a-1", CONTRACT)
    state.routes.switch(first, "version/b", "b-1", CONTRACT)
    issued = state.keys.issue("ann", "person")
    state.keys.issue("bob", "person")
    state.keys.revoke(issued.key.id, "lost")
    for name in ("one", "two", "three", "four"):
        state.store.record(
            name, "ann", f"Is {name} right?", f"It is {name}.", "version/b", "b-1", refused=name == "two"
        )
    state.store.rate("one", "ann", "up", None)
    state.store.rate("one", "bob", "down", "It is not.")
    state.store.rate("three", "bob", "down", "No.")
    assert state.audit.chain_answers() == 7
    state.store.rate("one", "ann", "down", "On second thoughts, no.")
    assert state.store.take_back("one", "bob")
    state.store.erase("three", "", "asked for", "Dr. Calder")
    state.store.review(CorrectionReview("c-1", "discard", "wrong", "Dr. Calder"))
    assert state.audit.chain_answers() == 2
    state.clock.now += timedelta(hours=1)
    yield state
    state.engine.dispose()


def test_what_gateways_and_operators_do_is_no_fault(state: State) -> None:
    assert state.faults() == []
    assert state.audit.chain_answers() == 0
    state.store.record("five", "eve", "Is it?", "It is.", "version/b", "b-1", refused=False)
    state.store.rate("five", "eve", "up", None)
    state.store.erase("", "eve", "asked for", "Dr. Calder")
    state.store.erase("", "ann", "asked for", "Dr. Calder")
    assert state.faults() == []
    assert state.audit.chain_answers() == 2
    assert state.faults() == []


def test_what_was_erased_is_nowhere_and_its_digest_cannot_be_tried_out(state: State) -> None:
    """The salt goes with the text: without it, a guess of the text cannot be compared with the digest that stays."""
    assert state.one("SELECT COUNT(*) FROM answers WHERE salt IS NULL") == "1"
    assert state.one("SELECT personal IS NOT NULL FROM answers WHERE answer_id = 'three'") in ("1", "True")
    tables = ("answers", "feedback", "journal", "audit", "erasures")
    with state.engine.connect() as connection:
        stored = [str(connection.execute(sa.text(f"SELECT * FROM {table}")).all()) for table in tables]
    assert not any("Is three right?" in text or "It is three" in text for text in stored)


ANSWER = "answer one was changed"
RATING = "a rating of answer one"
CHANGES = {
    "UPDATE route SET version = 'version/b' WHERE generation = 1": "route 1 was changed",
    "UPDATE route SET at = '2026-03-01 00:00:00.000000' WHERE generation = 2": "route 2 was changed",
    "DELETE FROM route WHERE generation = 1": "route 1 is missing",
    "DELETE FROM route WHERE generation = 2": "route 2 is missing",
    "UPDATE route SET generation = 3 WHERE generation = 1": "route 3 is in no entry",
    "UPDATE keys SET revoked_at = NULL": "was changed: its digest",
    "UPDATE keys SET holder = 'holder-x' WHERE label = 'bob'": "was changed: its digest",
    "DELETE FROM keys WHERE label = 'bob'": "is missing: it was removed",
    "UPDATE erasures SET by = 'nobody'": "erasures 1 was changed",
    "DELETE FROM erasures": "erasures 1 is missing",
    "UPDATE corrections SET decision = 'release'": "corrections 1 was changed",
    "UPDATE answers SET answer = 'It is two.' WHERE answer_id = 'one'": ANSWER,
    "UPDATE answers SET question = 'Is it?' WHERE answer_id = 'one'": ANSWER,
    "UPDATE answers SET identity = 'bob' WHERE answer_id = 'one'": ANSWER,
    "UPDATE answers SET version = 'version/a' WHERE answer_id = 'one'": ANSWER,
    "UPDATE answers SET at = '2026-03-01 00:00:00.000000' WHERE answer_id = 'one'": ANSWER,
    "UPDATE answers SET refused = false WHERE answer_id = 'two'": "answer two was changed",
    "UPDATE answers SET salt = 'x' WHERE answer_id = 'one'": ANSWER,
    "UPDATE answers SET personal = NULL WHERE answer_id = 'one'": ANSWER,
    "UPDATE answers SET question = '', answer = '', identity = 'erased', salt = NULL WHERE answer_id = 'one'": ANSWER,
    "UPDATE answers SET version = 'version/a' WHERE answer_id = 'three'": "answer three was changed",
    "UPDATE answers SET answer = 'It is.' WHERE answer_id = 'three'": "answer three was changed",
    "DELETE FROM answers WHERE answer_id = 'four'": "answer four is missing",
    "INSERT INTO answers SELECT 'six', at, identity, question, answer, version, adapter_name, refused, salt, personal "
    "FROM answers WHERE answer_id = 'one'": "answer six is not in the journal",
    "UPDATE feedback SET rating = 'up' WHERE answer_id = 'one'": f"{RATING} was changed",
    "UPDATE feedback SET correction = 'Yes.' WHERE answer_id = 'one'": f"{RATING} was changed",
    "DELETE FROM feedback WHERE answer_id = 'one'": f"{RATING} is missing",
    "UPDATE feedback SET identity = 'eve' WHERE answer_id = 'one'": f"{RATING} is not in the journal",
    "INSERT INTO feedback (answer_id, identity, rating, correction, at, salt) "
    "SELECT 'four', identity, rating, correction, at, salt FROM feedback": "of answer four is not",
    "UPDATE journal SET at = '2026-03-04 12:30:00.000000' WHERE number = 3": "batch 6 of the journal was changed",
    "UPDATE journal SET number = 99 WHERE number = 2": "batch 6 of the journal was changed",
    "UPDATE journal SET batch = NULL WHERE number = 2": "batch 6 of the journal was changed",
    "DELETE FROM journal WHERE number = 1": "batch 6 of the journal was changed",
    "DELETE FROM journal WHERE batch = 6": "batch 6 of the journal is missing",
    "UPDATE journal SET batch = 77 WHERE batch = 9": "batch 77 of the journal is in no entry",
    "UPDATE audit SET content = 'x' WHERE sequence = 2": "entry 2 was changed",
    "UPDATE audit SET at = '2026-03-01 00:00:00.000000' WHERE sequence = 3": "entry 3 was changed",
    "DELETE FROM audit WHERE sequence = 4": "entry 5 comes after entry 3",
    "DELETE FROM audit WHERE sequence = 9": "entries 9 to 9 are missing from its end",
}


TABLES = ("audit", "journal", "feedback", "answers", "route", "keys", "erasures", "corrections")


def test_every_change_by_the_databases_own_login_is_found(state: State) -> None:
    copies = [f"CREATE TABLE copy_of_{table} AS SELECT * FROM {table}" for table in TABLES]
    emptied = [f"DELETE FROM {table}" for table in TABLES]
    filled = [f"INSERT INTO {table} SELECT * FROM copy_of_{table}" for table in reversed(TABLES)]
    state.change(*copies)
    for statement, fault in CHANGES.items():
        state.change(statement)
        found = state.faults()
        assert any(fault in each for each in found), (statement, found)
        state.change(*emptied, *filled)
        assert state.faults() == []


def test_entries_of_the_journal_that_change_places_are_found(state: State) -> None:
    swap = [f"UPDATE journal SET number = {new} WHERE number = {old}" for old, new in ((2, 99), (3, 2), (99, 3))]
    state.change(*swap)
    assert state.faults() == ["batch 6 of the journal was changed: an entry was changed, removed, inserted or moved"]


def inserted(state: State, at: str) -> None:
    """Insert an answer with its entry, as somebody does who knows the format."""
    forged = SqlFeedbackStore(state.engine, lambda: datetime.fromisoformat(at).replace(tzinfo=UTC))
    forged.record("forged", "ann", "Is it?", "It is.", "version/b", "b-1", refused=False)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_answer_that_no_gateway_gave_is_found_where_the_key_of_the_gateways_is_known(state: State) -> None:
    """Somebody with the database's login adds it as a gateway does, with its entry, and has it chained."""
    old, new = b"the key of last year", b"the key of the gateways"
    audit = SqlAudit(state.engine, state.heads, keys=[new, old])
    assert audit.checks_ids and not state.audit.checks_ids
    names = {name: answer_ids.new(key) for name, key in (("given", new), ("earlier", old), ("forged", b"another"))}
    for name in names.values():
        state.store.record(name, "ann", "Is it?", "It is.", "version/b", "b-1", refused=False)
    state.audit.chain_answers()
    assert state.faults() == [], "the chain has an entry for each"
    inserted = [names["forged"], *("four", "one", "three", "two")]
    assert sorted(audit.faults()) == [f"answer {name} was inserted: no gateway signed its id" for name in inserted]


def test_an_answer_that_is_dated_back_is_remarked_once_it_is_chained(state: State) -> None:
    """It is no fault, since a gateway whose clock was wrong leaves the same."""
    assert list(state.audit.remarks()) == []
    inserted(state, "2026-03-04 11:00:00")
    assert state.audit.chain_answers() == 1
    assert state.faults() == []
    (remark,) = state.audit.remarks()
    assert "has entries (number: 1, first: 10) older than the batch before" in remark


@pytest.mark.parametrize("at", ["2026-03-04 11:58:00", "2026-03-04 13:00:00"])
def test_an_answer_that_was_written_slowly_or_just_now_is_not_late(state: State, at: str) -> None:
    inserted(state, at)
    assert state.audit.chain_answers() == 1
    assert state.faults() == list(state.audit.remarks()) == []


def test_a_rating_after_an_erasure_is_not_covered_by_it(state: State) -> None:
    state.store.rate("two", "bob", "up", None)
    state.store.erase("", "bob", "asked for", "Dr. Calder")
    assert state.faults() == []
    state.store.rate("four", "bob", "up", None)
    assert state.faults() == []
    state.change("DELETE FROM feedback WHERE answer_id = 'four'")
    assert state.faults() == ["a rating of answer four is missing: it was removed"]


@pytest.mark.parametrize("change", ["UPDATE audit SET content = 'x'", "DELETE FROM audit"])
def test_the_database_itself_refuses_to_change_the_audit(state: State, change: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"), state.engine.begin() as connection:
        connection.execute(sa.text(change))


def test_the_head_of_a_process_that_was_killed_is_kept_by_the_next_run(database_url: str, tmp_path: Path) -> None:
    opened(database_url, HeadsFile(tmp_path / "lost.jsonl")).keys.issue("ann", "person")
    audit = SqlAudit(connect(database_url), HeadsFile(tmp_path / "heads.jsonl"))
    assert any("cannot be seen" in fault for fault in audit.faults())
    assert audit.chain_answers() == 0
    assert list(audit.faults()) == []


def _gateway(ready: Callable[[], object], number: int, url: str, folder: str) -> str:
    heads = HeadsFile(Path(folder) / "heads.jsonl")
    engine = connect(url)
    store, audit = SqlFeedbackStore(engine), SqlAudit(engine, heads)
    ready()
    for round_ in range(40):
        name = f"{number}-{round_}"
        store.record(name, "ann", "Is it?", "It is.", "version/a", "a", refused=False)
        store.rate(f"{number}-0", "ann", "up" if round_ % 2 else "down", None)
        if number == 0 and round_ % 5 == 0:
            audit.chain_answers()
            assert list(audit.faults()) == []
    return "asked"


def test_answers_are_chained_while_several_gateways_write(database_url: str, tmp_path: Path) -> None:
    connect(database_url)
    race(_gateway, database_url, str(tmp_path), racers=3)
    audit = SqlAudit(connect(database_url), HeadsFile(tmp_path / "heads.jsonl"))
    audit.chain_answers()
    assert list(audit.faults()) == []


def test_rows_of_an_earlier_release_are_noted_by_the_migration(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGTZ", "Asia/Kathmandu")  # a server whose clock is not on UTC
    at = "'2026-03-04 12:00:00.000000'"
    with schema(database_url, "0007") as connection:
        for statement in (
            f"INSERT INTO route VALUES (1, 'version/a', 'a-1', {at}, '{{\"a\": 1}}')",
            f"INSERT INTO keys VALUES ('k', 'h', 'd', 'ann', 'person', {at}, NULL, '')",
            f"INSERT INTO answers VALUES ('one', {at}, 'ann', 'Is it?', 'It is.', 'version/a', 'a-1', false)",
            f"INSERT INTO feedback VALUES ('one', 'bob', 'down', 'No.', {at})",
        ):
            connection.execute(sa.text(statement))
    state = opened(database_url, HeadsFile(tmp_path / "heads.jsonl"))
    assert state.audit.chain_answers() == 2
    assert state.faults() == []
    state.store.rate("one", "bob", "up", None)
    state.store.erase("one", "", "asked for", "Dr. Calder")
    assert state.faults() == []
    state.change("UPDATE route SET version = 'version/b'", "UPDATE answers SET version = 'version/b'")
    assert len(state.faults()) == 2


def test_the_migration_journals_every_row_of_several_batches_and_says_how_far_it_is(
    database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = datetime(2026, 3, 4, 12, tzinfo=UTC).replace(tzinfo=None)
    rated = [(f"answer {number % 9}", f"user {number}") for number in range(2001)]
    with schema(database_url, "0007") as connection:
        answers, feedback = (
            sa.Table(name, sa.MetaData(), autoload_with=connection) for name in ("answers", "feedback")
        )
        given = {"at": at, "identity": "ann", "question": "Is it?", "answer": "It is.", "version": "v"}
        rows = [given | {"answer_id": f"answer {n}", "adapter_name": "a", "refused": False} for n in range(2001)]
        connection.execute(sa.insert(answers), rows)
        said = {"rating": "up", "correction": None, "at": at}
        connection.execute(sa.insert(feedback), [said | {"answer_id": id, "identity": who} for id, who in rated])
    caplog.set_level("INFO", "medpipe.migrations")
    state = opened(database_url, HeadsFile(tmp_path / "heads.jsonl"))
    assert state.audit.chain_answers() == 4002
    assert state.faults() == []
    assert [record.getMessage() for record in caplog.records] == [
        "migration 0008: 2001 of 2001 rows of answers are journalled",
        "migration 0008: 2001 of 2001 rows of feedback are journalled",
    ]
