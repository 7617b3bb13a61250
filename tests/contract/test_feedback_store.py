"""The store of answers and feedback: joins, windows and replaced ratings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from medpipe.backends.heads_file import HeadsFile
from medpipe.backends.sql import database, journal
from medpipe.backends.sql.audit import SqlAudit
from medpipe.backends.sql.database import connect, corrections, erasures
from medpipe.backends.sql.feedback_store import SqlFeedbackStore
from medpipe.backends.sql.forgetting import forget
from medpipe.core.teaching.feedback import Details
from medpipe.errors import NotFound
from medpipe.ports import AnswerRecord, CorrectionReview
from tests.clock import START, Clock
from tests.contract.racers import race
from tests.contract.test_chains import schema

DAY = timedelta(days=1)


@pytest.fixture
def store(database_url: str, clock: Clock) -> SqlFeedbackStore:
    store = SqlFeedbackStore(connect(database_url), clock)
    for name in ("one", "two"):
        store.record(name, "user-a", f"Question {name}?", f"Answer {name}.", "version/a", "a", refused=False)
    return store


def test_feedback_comes_with_the_answer_that_it_is_about(store: SqlFeedbackStore) -> None:
    store.rate("one", "user-b", "down", "Better.")

    (item,) = store.between(START, START + DAY)
    assert item == ("one", "Question one?", "Answer one.", "version/a", "user-b", "down", "Better.", START, "")


def test_the_window_is_half_open_and_the_oldest_comes_first(store: SqlFeedbackStore, clock: Clock) -> None:
    clock.now = START + DAY
    store.rate("one", "user-b", "up", None)
    clock.now = START
    store.rate("two", "user-b", "up", None)

    assert [item.answer_id for item in store.between(START, START + DAY)] == ["two"]
    assert [item.answer_id for item in store.between(START + DAY, START + 2 * DAY)] == ["one"]
    assert [item.answer_id for item in store.between(START, START + 2 * DAY)] == ["two", "one"]


def test_the_same_identity_rates_an_answer_once(store: SqlFeedbackStore) -> None:
    store.rate("one", "user-b", "down", "Better.")
    store.rate("one", "user-b", "up", None)
    store.rate("one", "user-c", "down", None)

    ratings = {item.identity: (item.rating, item.correction) for item in store.between(START, START + DAY)}
    assert ratings == {"user-b": ("up", None), "user-c": ("down", None)}


def test_an_answer_that_was_never_given_cannot_be_rated(store: SqlFeedbackStore) -> None:
    with pytest.raises(NotFound, match="no answer three"):
        store.rate("three", "user-b", "up", None)


def test_feedback_on_a_refusal_is_no_preference(store: SqlFeedbackStore) -> None:
    store.record("no", "user-a", "How many pills?", "Call 112.", "version/a", "a", refused=True)
    store.rate("no", "user-b", "down", "Ten.")

    assert list(store.between(START, START + DAY)) == []


def test_a_record_that_is_handed_over_twice_is_stored_once(store: SqlFeedbackStore, database_url: str) -> None:
    records = [AnswerRecord(name, START, "ann", "Q?", "Rest.", "version/a", "a", False) for name in ("x", "y", "z")]
    store.record_all([])
    store.record_all(records[:2])
    store.record_all(records)
    assert sorted(answer.answer_id for answer in store.answers()) == ["one", "two", "x", "y", "z"]
    with connect(database_url).connect() as connection:
        assert list(journal.faults(connection)) == []
        entries = connection.execute(sa.select(database.journal.c.answer_id)).scalars().all()
    assert sorted(entries) == ["one", "two", "x", "y", "z"]


def test_a_moment_without_a_time_zone_is_refused(store: SqlFeedbackStore) -> None:
    with pytest.raises(Exception, match="time zone"):
        list(store.between(datetime(2026, 3, 4), START))  # noqa: DTZ001


def _rate(ready: Callable[[], object], number: int, url: str) -> str:
    store = SqlFeedbackStore(connect(url))
    for name in range(20):
        ready()
        store.rate(str(name), "user-b", "down", f"From {number}.")
    return "rated"


def test_two_gateways_may_take_the_same_feedback_at_once(database_url: str) -> None:
    store = SqlFeedbackStore(connect(database_url))
    for name in range(20):
        store.record(str(name), "user-a", "Q?", "A.", "version/a", "a", refused=False)

    assert race(_rate, database_url) == ["rated", "rated"]
    now = datetime.now(UTC)
    assert len(list(store.between(now - DAY, now + DAY))) == 20


def test_every_answer_that_was_no_refusal_is_listed_oldest_first(store: SqlFeedbackStore, clock: Clock) -> None:
    clock.now = START - DAY
    store.record("three", "user-c", "Earlier?", "Yes.", "version/b", "b", refused=False)
    store.record("no", "user-a", "How many pills?", "Call 112.", "version/a", "a", refused=True)

    assert [given.answer_id for given in store.answers()] == ["three", "one", "two"]
    assert next(iter(store.answers())) == ("three", START - DAY, "user-c", "version/b", "Earlier?", "Yes.")


def test_feedback_that_is_taken_back_is_gone(store: SqlFeedbackStore) -> None:
    store.rate("one", "user-b", "down", "Better.")

    assert not store.take_back("one", "user-c")
    assert store.take_back("one", "user-b")
    assert not store.take_back("one", "user-b")
    assert list(store.between(START, START + DAY)) == []


def _stored(url: str) -> str:
    with connect(url).connect() as connection:
        tables = ("answers", "feedback", "erasures")
        return str([connection.execute(sa.text(f"SELECT * FROM {table}")).all() for table in tables])


def test_an_erased_answer_leaves_no_text_and_takes_no_more_feedback(store: SqlFeedbackStore, database_url: str) -> None:
    store.rate("one", "user-b", "down", "Better one.")
    store.rate("two", "user-b", "down", "Better two.")

    assert store.erase("one", "", "asked for it", "Dr. A") == (1, 1, ("one",))
    assert [item.answer_id for item in store.between(START, START + DAY)] == ["two"]
    assert not any(text in _stored(database_url) for text in ("Question one", "Answer one", "Better one"))
    with pytest.raises(NotFound, match="no answer one"):
        store.rate("one", "user-b", "down", "Better again.")
    assert store.tombstones() == ((START, "one", "", "asked for it", "Dr. A"),)


def test_an_erased_identity_leaves_neither_its_questions_nor_its_corrections(
    store: SqlFeedbackStore, database_url: str
) -> None:
    store.record("three", "user-b", "Question three?", "Answer three.", "version/a", "a", refused=False)
    store.rate("one", "user-b", "down", "Better one.")
    store.rate("three", "user-c", "down", "Better three.")

    assert store.erase("", "user-b", "asked for it", "Dr. A") == (1, 2, ("three",))
    assert not any(text in _stored(database_url) for text in ("three?", "Answer three", "Better"))
    assert "Question one" in _stored(database_url)
    assert [(stone.answer_id, stone.identity) for stone in store.tombstones()] == [("three", ""), ("", "user-b")]


def test_erasing_what_is_not_there_changes_nothing(store: SqlFeedbackStore) -> None:
    for names in (("four", ""), ("", "user-z")):
        with pytest.raises(NotFound, match="nothing was erased"):
            store.erase(*names, "asked for it", "Dr. A")
    assert store.tombstones() == ()


def test_the_last_decision_about_a_correction_counts(store: SqlFeedbackStore) -> None:
    decisions = [CorrectionReview("b", "release", "r", "A"), CorrectionReview("a", "release", "r", "A")]
    for review in (*decisions, CorrectionReview("b", "discard", "no", "B")):
        store.review(review)

    assert store.reviews() == (decisions[1], CorrectionReview("b", "discard", "no", "B"))


@pytest.mark.parametrize("table", [erasures, corrections], ids=["erasures", "corrections"])
def test_the_database_refuses_to_forget_a_decision(store: SqlFeedbackStore, database_url: str, table: sa.Table) -> None:
    store.erase("one", "", "asked for it", "Dr. A")
    store.review(CorrectionReview("a", "release", "r", "A"))

    for change in (sa.update(table).values(reason="another"), sa.delete(table)):
        with pytest.raises(DBAPIError, match="append-only"), connect(database_url).begin() as connection:
            connection.execute(change)
    assert len(store.tombstones()) == len(store.reviews()) == 1


def test_no_byte_of_what_was_erased_stays_in_the_files_of_sqlite(tmp_path: Path) -> None:
    """Without secure_delete and a truncated log, free pages and the log keep it."""
    store = SqlFeedbackStore(connect(f"sqlite:///{tmp_path / 'medpipe.db'}"))
    for number in range(40):
        store.record(str(number), "user-a", f"Question of {number}?", "Answer. " * 300, "version/a", "a", refused=False)
        store.rate(str(number), "user-a", "down", "Xylophone. " * 300)
        store.rate(str(number), "user-a", "down", "Marimba. " * 300)
    store.erase("", "user-a", "asked for it", "Dr. A")
    assert store.forget() == ""

    files = list(tmp_path.glob("medpipe.db*"))
    assert files
    for text in (b"Question of", b"Answer. Answer", b"Xylophone", b"Marimba"):
        assert not [file.name for file in files if text in file.read_bytes()]


def test_ratings_are_counted_by_version_and_window_and_questions_once(store: SqlFeedbackStore, clock: Clock) -> None:
    store.record("again", "user-a", "Question one?", "Answer.", "version/a", "a", refused=False)
    store.record("no", "user-a", "Question no?", "Refused.", "version/a", "a", refused=True)
    store.record("other", "user-a", "Question other?", "Answer.", "version/b", "b", refused=False)
    for answer in ("one", "again", "two", "no", "other"):
        store.rate(answer, "user-b", "up" if answer == "two" else "down", None)
    clock.now = START + DAY
    store.rate("two", "user-c", "down", None)

    assert store.rated(START, START + DAY, "version/a") == (3, 2)
    assert dict(store.rated_questions(START, START + DAY, "version/a")) == {"Question one?": 2, "Question two?": 1}
    assert store.rated(START, START + 2 * DAY, "version/a") == (4, 3)
    store.erase("one", "", "asked for it", "Dr. A")
    assert store.rated(START, START + DAY, "version/a") == (2, 1)
    assert list(store.rated_questions(START, START + DAY, "version/c")) == []


def test_a_log_of_sqlite_that_somebody_reads_is_reported_and_emptied_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_SECONDS", 0)
    address = f"sqlite:///{tmp_path / 'medpipe.db'}"
    store = SqlFeedbackStore(connect(address))
    store.record("one", "user-a", "Xylophone?", "A.", "version/a", "a", refused=False)
    with connect(address).connect() as reader:
        reader.exec_driver_sql("BEGIN")
        reader.execute(sa.select(erasures)).all()
        store.erase("one", "", "asked for it", "Dr. A")
        assert "run this again" in store.forget()
        assert b"Xylophone" in (tmp_path / "medpipe.db-wal").read_bytes()
    assert store.forget() == ""
    assert b"Xylophone" not in (tmp_path / "medpipe.db-wal").read_bytes()


class Files:
    """The files of a PostgreSQL server."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        with engine.connect() as connection:
            self._folder = Path(str(connection.exec_driver_sql("SHOW data_directory").scalar_one())) / "base"

    def having(self, text: bytes) -> int:
        """How many have a text, the write-ahead log aside."""
        with self._engine.connect() as connection:
            connection.exec_driver_sql("CHECKPOINT")
        return sum(text in file.read_bytes() for file in self._folder.rglob("[0-9]*") if file.is_file())


on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def many(database_url: str) -> SqlFeedbackStore:
    store = SqlFeedbackStore(connect(database_url))
    for number in range(40):
        word = "Xylophone" if number % 3 else "Marimba"
        store.record(str(number), word, f"{word} of {number}?", "Answer.", "version/a", "a", refused=False)
        store.rate(str(number), word, "down", f"{word} first.")
        store.rate(str(number), word, "down", f"{word} {number}. " * 200)
    with connect(database_url).connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    return store


@on_postgresql
def test_no_byte_of_what_was_erased_stays_in_the_files_of_postgresql(many: SqlFeedbackStore, database_url: str) -> None:
    """A deleted row stays in its page, and after VACUUM too; the statistics of ANALYZE would have samples."""
    files = Files(connect(database_url))
    many.erase("", "Xylophone", "asked for it", "Dr. A")
    with connect(database_url).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM answers, feedback")
    assert files.having(b"Xylophone of"), "so VACUUM alone is not enough"

    assert many.forget() == ""

    assert files.having(b"Xylophone of") == files.having(b"Xylophone first") == 0
    assert files.having(b"Marimba of"), "the others stay"


@on_postgresql
def test_texts_that_postgresql_cannot_forget_now_are_reported(many: SqlFeedbackStore, database_url: str) -> None:
    engine = connect(database_url)
    files, told = Files(engine), "run VACUUM FULL answers, feedback"
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as reader:
        reader.execute(sa.select(erasures)).all()
        many.erase("", "Xylophone", "asked for it", "Dr. A")
        assert told in many.forget(), "the reader may still want the old rows"
    assert told in forget(engine, largest=0), "gateways would wait for too long"
    assert files.having(b"Xylophone of")
    assert many.forget() == ""
    assert not files.having(b"Xylophone of")


@on_postgresql
def test_samples_that_postgresql_took_before_the_upgrade_are_removed_by_it(database_url: str) -> None:
    at = "'2026-03-04 12:00:00'"
    with schema(database_url, "0008") as connection:
        for number in range(3):
            text = f"'Xylophone {number}?'"
            answer = f"('{number}', {at}, 'ann', {text}, {text}, 'version/a', 'a-1', false)"
            rating = f"('{number}', 'bob', 'down', {text}, {at})"
            columns = "answer_id, at, identity, question, answer, version, adapter_name, refused"
            connection.execute(sa.text(f"INSERT INTO answers ({columns}) VALUES {answer}"))
            connection.execute(
                sa.text(f"INSERT INTO feedback (answer_id, identity, rating, correction, at) VALUES {rating}")
            )
        connection.execute(sa.text("ANALYZE answers, feedback"))
        samples = sa.text("SELECT count(*) FROM pg_stats WHERE histogram_bounds::text LIKE '%Xylophone%'")
        assert connection.execute(samples).scalar_one() == 3
    with connect(database_url).begin() as connection:
        connection.execute(sa.text("ANALYZE answers, feedback"))
        assert connection.execute(samples).scalar_one() == 0


def test_questions_and_refusals_are_counted_by_version_and_window(store: SqlFeedbackStore, clock: Clock) -> None:
    store.record("three", "user-a", "Question?", "Refused.", "version/a", "a", refused=True)
    store.record("four", "user-a", "Question?", "Refused.", "version/b", "b", refused=True)
    clock.now = START + DAY
    store.record("late", "user-a", "Question?", "Refused.", "version/a", "a", refused=True)
    assert store.served(START, START + DAY, "version/a") == (3, 1)
    assert store.served(START, START + 2 * DAY, "version/a") == (4, 2)
    assert store.served(START, START + DAY, "version/c") == (0, 0)


def test_a_preferred_answer_is_the_correction_until_one_of_the_two_is_erased(
    database_url: str, clock: Clock, tmp_path: Path
) -> None:
    engine, heads = connect(database_url), HeadsFile(tmp_path / "heads.jsonl")
    store = SqlFeedbackStore(engine, clock, heads)
    for name, asker in (("one", "user-a"), ("two", "user-c"), ("three", "user-a")):
        store.record(name, asker, "Question?", f"Answer {name}.", "version/a", "a", refused=name == "three")
    store.rate("one", "user-b", "down", None, Details(stars=2, reason="Too short.", preferred="two"))
    store.rate("two", "user-d", "down", None, Details(preferred="three"))
    SqlAudit(engine, heads).chain_answers()

    assert [(item.answer_id, item.correction) for item in store.between(START, START + DAY)] == [
        ("one", "Answer two."),
        ("two", None),
    ], "a refusal is no better answer"
    assert store.opinion("one", "user-b") == ("down", None, (2, None, "Too short.", "two", None), START)
    assert store.erase("two", "", "asked for it", "Dr. A").feedback == 2
    assert list(store.between(START, START + DAY)) == [] and store.given("two") is None
    assert list(SqlAudit(engine, heads).faults()) == []


def test_the_same_feedback_again_is_not_written_again_and_the_middle_is_no_preference(
    store: SqlFeedbackStore, clock: Clock
) -> None:
    store.rate("one", "user-b", "down", "Better.", Details(category="wrong"))
    clock.now = START + timedelta(hours=1)
    store.rate("one", "user-b", "down", "Better.", Details(category="wrong"))
    assert [item.at for item in store.between(START, START + DAY)] == [START]
    store.rate("one", "user-b", "down", "Better.", Details(category="unsafe"))
    assert [item.at for item in store.between(START, START + DAY)] == [clock.now]
    store.rate("one", "user-b", "middle", None, Details(stars=3))
    assert list(store.between(START, START + DAY)) == []
    assert store.rated(START, START + DAY, "version/a") == (1, 0)
