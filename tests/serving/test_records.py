"""Records of answers while the database is away, locked or slow: every answer is recorded once, or is not given."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from medpipe.backends.sql import database
from medpipe.backends.sql.database import connect
from medpipe.backends.sql.feedback_store import SqlFeedbackStore
from medpipe.backends.sql.keys import SqlKeys
from medpipe.core.safety.redaction import Redaction
from medpipe.gateway_state import gateway_state
from medpipe.ports import AnswerLog, AnswerRecord
from medpipe.settings import Settings
from serving.app import create_app
from serving.limits import LIMITS
from serving.metrics import Metrics
from serving.recorder import Recorder
from serving.scrubbed_log import LANGUAGES, ScrubbedLog
from serving.spool import Spool, SpoolFull
from tests.clock import START
from tests.contracts import CONTRACT
from tests.fakes_engine import FakeEngine
from tests.places import ROOT
from tests.serving.conftest import LOCAL_CLIENT, Gateway
from tests.waiting import until as until_soon

WAITED = 30.0
"""Seconds that a busy machine may take."""
QUICK = LIMITS._replace(store_seconds=0.3, drain_seconds=0.05)


def until(condition: Callable[[], object], seconds: float = WAITED) -> None:
    until_soon(condition, seconds)


def record_of(number: int) -> AnswerRecord:
    return AnswerRecord(f"ans-{number}", START, "ann", f"Question {number}?", "Rest.", "version/a", "a", False)


class Store:
    """A log that fails or hangs on demand, and notes what it takes."""

    def __init__(self) -> None:
        self.down = False
        self.seconds = 0.0
        self.batches: list[list[str]] = []

    def scrubbed(self, record: AnswerRecord) -> AnswerRecord:
        return record

    def record_all(self, records: Sequence[AnswerRecord]) -> None:
        time.sleep(self.seconds)
        if self.down:
            raise sqlite3.OperationalError
        self.batches.append([record.answer_id for record in records])

    @property
    def taken(self) -> list[str]:
        return [name for batch in self.batches for name in batch]


def recording(folder: Path, store: Store, scenario: Callable[[Recorder], Coroutine[Any, Any, None]]) -> None:
    """Run a scenario with a recorder that is started and stopped."""

    async def run() -> None:
        log: Any = store
        recorder = Recorder(log, Spool(folder, 10_000), Metrics(), QUICK)
        await recorder.start()
        await scenario(recorder)
        await recorder.stop()

    asyncio.run(run())


async def wait_until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAITED):
        while not condition():
            await asyncio.sleep(0.02)


def test_answers_that_come_together_share_a_transaction(tmp_path: Path) -> None:
    store = Store()
    store.seconds = 0.1

    async def scenario(recorder: Recorder) -> None:
        assert all(await asyncio.gather(*(recorder.record(record_of(number)) for number in range(40))))

    recording(tmp_path, store, scenario)
    assert sorted(store.taken) == sorted(f"ans-{number}" for number in range(40))
    assert len(store.batches) < 10


def test_a_database_that_is_away_or_hangs_costs_a_second_and_no_record(tmp_path: Path) -> None:
    store = Store()

    async def scenario(recorder: Recorder) -> None:
        store.down = True
        assert await recorder.record(record_of(1))
        assert "OperationalError" in recorder.warning
        assert not recorder.problem
        assert await recorder.record(record_of(2))
        store.down = False
        await wait_until(lambda: not recorder.warning)
        store.seconds = 0.6
        assert await recorder.record(record_of(3))
        assert "TimeoutError" in recorder.warning
        store.seconds = 0.0
        await wait_until(lambda: not recorder.warning)

    recording(tmp_path, store, scenario)
    assert {"ans-1", "ans-2", "ans-3"} == set(store.taken)
    assert list(tmp_path.glob("*.jsonl")) == []


def test_without_database_and_disk_nothing_is_promised_and_it_is_said(tmp_path: Path) -> None:
    store = Store()
    store.down = True
    (tmp_path / "file").write_text("in the way")

    async def scenario(recorder: Recorder) -> None:
        assert not await recorder.record(record_of(1))
        assert "database" in recorder.problem and "disk" in recorder.problem

    recording(tmp_path / "file", store, scenario)
    assert store.taken == []


def test_the_spool_is_private_bounded_and_whole(tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool").chmod(0o755)
    spool = Spool(tmp_path / "spool", 500)
    spool.append([record_of(1)])
    with pytest.raises(SpoolFull):
        spool.append([record_of(number) for number in range(9)])
    (path,) = (tmp_path / "spool").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with path.open("ab") as file:
        file.write(b'{"answer_id": "ans-torn", "a')
    assert Spool(tmp_path / "spool", 500).claim() == []  # another process writes it
    (segment,) = spool.claim()
    assert segment.records() == ([record_of(1)], 0)
    segment.remove()
    assert spool.size == 0


def test_a_line_that_cannot_be_read_is_set_aside_and_holds_nothing_up(tmp_path: Path) -> None:
    store = Store()
    spool = Spool(tmp_path, 10_000)
    spool.append([record_of(1)])
    spool.close()
    (path,) = tmp_path.iterdir()
    path.write_bytes(b"garbage\n" + path.read_bytes())

    async def scenario(recorder: Recorder) -> None:
        await wait_until(lambda: store.taken == ["ans-1"])
        await wait_until(lambda: path.with_suffix(".unreadable").exists())

    recording(tmp_path, store, scenario)


DRAINING = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from medpipe.backends.sql.database import connect
from medpipe.backends.sql.feedback_store import SqlFeedbackStore
from medpipe.backends.sql.keys import SqlKeys
from medpipe.core.safety.redaction import Redaction
from medpipe.ports import AnswerLog, AnswerRecord
from serving.limits import LIMITS
from serving.metrics import Metrics
from serving.recorder import Recorder
from serving.spool import Spool

class Log:
    def __init__(self): self.store = SqlFeedbackStore(connect(sys.argv[1]))
    def scrubbed(self, record): return record
    def record_all(self, records): self.store.record_all(records)

async def main():
    recorder = Recorder(Log(), Spool(Path(sys.argv[2]), 10**8), Metrics(), LIMITS._replace(drain_seconds=0.01))
    recorder._down = "away" if sys.argv[3] == "away" else ""
    await recorder.start()
    async def give(number):
        record = AnswerRecord(f"ans-{sys.argv[3]}-{number}", datetime.now(UTC), "ann", "Q?", "A.", "v", "a", False)
        if await recorder.record(record):
            print(record.answer_id, flush=True)
    number = 0
    while True:
        await asyncio.gather(*(give(number + place) for place in range(20)))
        number += 20
        if sys.argv[3] == "away": recorder._down = "away"
asyncio.run(main())
"""


def test_every_promised_answer_is_stored_once_although_gateways_are_killed_while_they_drain(tmp_path: Path) -> None:
    url, folder, promised = f"sqlite:///{tmp_path / 'db.sqlite'}", tmp_path / "spool", set[str]()
    store = SqlFeedbackStore(connect(url))
    for number in range(3):
        name = f"away{number}"
        process = subprocess.Popen(
            [sys.executable, "-c", DRAINING.replace('== "away"', '.startswith("away")'), url, str(folder), name],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(100)]
        process.send_signal(signal.SIGKILL)
        promised |= {line.strip() for line in (*lines, *process.stdout) if line.endswith("\n")}
        process.wait()

    async def drain() -> None:
        class Log:
            def record_all(self, records: Sequence[AnswerRecord]) -> None:
                store.record_all(records)

        log: Any = Log()
        recorder = Recorder(log, Spool(folder, 10**8), Metrics(), QUICK)
        await recorder.start()
        await wait_until(lambda: not list(folder.glob("*.jsonl")))
        await recorder.stop()

    asyncio.run(drain())
    stored = [answer.answer_id for answer in store.answers()]
    assert len(promised) >= 300
    assert promised <= set(stored)
    assert len(stored) == len(set(stored))
    with connect(url).connect() as connection:
        entries = connection.execute(sa.select(database.journal.c.answer_id)).scalars().all()
    assert sorted(entries) == sorted(stored)


def test_answers_and_emergencies_are_given_while_the_database_is_locked(engine: FakeEngine, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, engine_url=engine.url, anonymous=True)
    engine.adapters["a"] = "somewhere"
    state = gateway_state(settings)
    assert state.routes.switch(None, "version/a", "a", CONTRACT)
    with TestClient(create_app(settings, QUICK), client=LOCAL_CLIENT) as client:
        until(lambda: client.get("/readyz").status_code == 200)
        lock = sqlite3.connect(next(tmp_path.glob("medpipe.db")), isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        try:
            answer = client.post("/v1/ask", json={"question": "What causes Velorin fever?"})
            emergency = client.post("/v1/ask", json={"question": "I want to kill myself."})
            ready = client.get("/readyz").json()
        finally:
            lock.execute("ROLLBACK")
            lock.close()
        assert (answer.status_code, emergency.status_code) == (200, 200)
        assert emergency.json()["refused"]
        assert ready["ready"] and "records wait on the disk" in ready["warning"]
        until(lambda: client.get("/readyz").json()["warning"] == "", 30)
        assert 'medpipe_records_total{where="drained"} 2.0' in client.get("/metrics").text
    engine_of_store = connect(f"sqlite:///{next(tmp_path.glob('medpipe.db'))}")
    with engine_of_store.connect() as connection:
        names = set(connection.execute(sa.select(database.answers.c.answer_id)).scalars())
    assert {answer.json()["answer_id"], emergency.json()["answer_id"]} <= names


def test_without_database_and_disk_an_emergency_is_answered_and_readiness_says_why_nothing_else_is(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.route_to("a")
    until(lambda: gateway.client.get("/readyz").json()["ready"])

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(ScrubbedLog, "record_all", fail)
    monkeypatch.setattr(Spool, "append", fail)
    first = gateway.client.post("/v1/ask", json={"question": "What causes Velorin fever?"})
    assert (first.status_code, first.json()["error"]["code"]) == (503, "store_unavailable")
    emergency = gateway.client.post("/v1/ask", json={"question": "I want to kill myself."})
    assert emergency.status_code == 200 and emergency.json()["refused"]
    ready = gateway.client.get("/readyz")
    assert ready.status_code == 503
    assert "the database does not take records" in ready.json()["reason"]
    asked = len(gateway.engine.names_asked())
    assert gateway.client.post("/v1/ask", json={"question": "What?"}).status_code == 503
    assert len(gateway.engine.names_asked()) == asked  # nothing is generated that cannot be given
    assert 'medpipe_unrecorded_total{kind="refusal"} 1.0' in gateway.client.get("/metrics").text


def test_a_stream_whose_record_is_lost_is_counted_as_such(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway.route_to("a")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(ScrubbedLog, "record_all", fail)
    monkeypatch.setattr(Spool, "append", fail)
    body = {"model": "medqa", "stream": True, "messages": [{"role": "user", "content": "Who?"}]}
    answer = gateway.client.post("/v1/chat/completions", json=body)
    assert "store_unavailable" in answer.text
    metrics = gateway.client.get("/metrics").text
    assert 'medpipe_requests_total{endpoint="/v1/chat/completions",status="503"} 1.0' in metrics
    assert 'medpipe_unrecorded_total{kind="stream"} 1.0' in metrics


def test_a_stream_that_breaks_off_says_why_although_its_record_is_lost(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.route_to("a")
    gateway.engine.break_after = 7

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(ScrubbedLog, "record_all", fail)
    monkeypatch.setattr(Spool, "append", fail)
    body = {"model": "medqa", "stream": True, "messages": [{"role": "user", "content": "Who?"}]}
    assert "engine_error" in gateway.client.post("/v1/chat/completions", json=body).text
    assert 'medpipe_unrecorded_total{kind="stream"} 1.0' in gateway.client.get("/metrics").text


@pytest.mark.parametrize("hangs", [False, True])
def test_an_emergency_is_answered_while_no_key_can_be_checked(
    engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hangs: bool
) -> None:
    released = threading.Event()

    def holder(*_: object) -> None:
        if hangs:
            released.wait(20)
        raise OSError("away")

    monkeypatch.setattr(SqlKeys, "holder", holder)
    with TestClient(create_app(Settings(home=tmp_path, engine_url=engine.url), QUICK)) as client:
        key = {"Authorization": "Bearer key"}
        emergency = client.post("/v1/ask", json={"question": "I want to kill myself."}, headers=key)
        other = client.post("/v1/ask", json={"question": "What causes Velorin fever?"}, headers=key)
        models = client.get("/v1/models", headers=key)
        stop = client.post("/v1/admin/stop", json={"reason": "wrong doses", "by": "Dr. A"}, headers=key)
        released.set()
    assert emergency.status_code == 200 and emergency.json()["refused"]
    for refused in (other, models, stop):
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "store_unavailable")


def test_a_text_is_searched_for_identifiers_once_and_stored_without_them() -> None:
    class Redactor:
        asked = 0

        def redact(self, texts: Sequence[str], language: str) -> list[Redaction]:
            self.asked += 1
            return [Redaction(text.replace("Ann", "[NAME]"), {}) for text in texts]

    redactor, unused = Redactor(), cast(AnswerLog, None)
    log = ScrubbedLog(unused, redactor)
    asked = record_of(1)._replace(question="Ann, what helps?")
    assert {log.scrubbed(asked).question for _ in range(5)} == {"[NAME], what helps?"}
    assert redactor.asked == 2 * len(LANGUAGES)
