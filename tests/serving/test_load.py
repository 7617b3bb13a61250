"""Under load, with slow clients and a slow engine: nothing waits for ever, and health answers."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from medpipe.backends.sql.routes import SqlRoutes
from medpipe.core.teaching.identities import Grant
from medpipe.gateway_state import gateway_state
from medpipe.settings import Settings
from serving.app import create_app
from serving.breaker import Breaker
from serving.engine import EngineClient
from serving.limits import LIMITS
from serving.problems import Problem, TryLater
from serving.recorder import Recorder
from serving.scrubbed_log import ScrubbedLog
from serving.turns import Turns
from tests.contracts import CONTRACT
from tests.fakes_engine import FakeEngine
from tests.serving.conftest import LOCAL_CLIENT, Gateway
from tests.serving.over_http import running
from tests.waiting import until as until_soon

TIGHT = LIMITS._replace(
    upload_seconds=0.5,
    engine_seconds=1.0,
    piece_seconds=1.0,
    engine_requests=1,
    waiting_requests=1,
    waiting_seconds=20.0,
    open_requests=6,
    breaker_seconds=0.5,
)
WAITED = 30.0
"""Seconds that a busy machine may take."""
ASKED = {"question": "What causes Velorin fever?"}


def until(condition: Callable[[], object], seconds: float = WAITED) -> None:
    until_soon(condition, seconds)


@pytest.fixture
def served(engine: FakeEngine, tmp_path: Path) -> Iterator[str]:
    """Give the address of a gateway with tight limits behind a real HTTP server; it serves the adapter `a`."""
    settings = Settings(home=tmp_path, engine_url=engine.url, anonymous=True)
    engine.adapters["a"] = "somewhere"
    assert gateway_state(settings).routes.switch(None, "version/a", "a", CONTRACT)
    with running(settings, TIGHT) as url:
        until(lambda: httpx.get(f"{url}/readyz", timeout=30).status_code == 200)
        yield url


def counted(url: str, text: str) -> bool:
    return text in httpx.get(f"{url}/metrics", timeout=30).text


def connected(url: str, body: bytes, announced: int) -> socket.socket:
    """Send a request that announces more bytes than it sends."""
    host, port = url.removeprefix("http://").split(":")
    client = socket.create_connection((host, int(port)), timeout=30)
    head = f"POST /v1/ask HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {announced}\r\n\r\n"
    client.sendall(head.encode() + body)
    return client


def test_an_upload_that_never_ends_is_a_408_and_the_connection_is_closed(served: str) -> None:
    with connected(served, b'{"question"', 500) as client:
        answer = b"".join(iter(lambda: client.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"upload_too_slow" in answer


def test_a_client_that_leaves_during_its_upload_is_no_error(served: str, caplog: pytest.LogCaptureFixture) -> None:
    connected(served, b'{"question"', 500).close()
    until(lambda: counted(served, 'medpipe_requests_total{endpoint="unknown",status="499"} 1.0'))
    assert "Traceback" not in caplog.text and "Exception" not in caplog.text
    assert not counted(served, 'status="500"')


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/ask", b'{"question": "a \\ud800 b"}'),
        ("/v1/ask", b'{"question": "a \xed\xa0\x80 b"}'),
        ("/v1/ask", b'{"question": "a", "\\udfff": 1}'),
        ("/v1/feedback", b'{"answer_id": "\\ud800", "rating": "up"}'),
        ("/v1/chat/completions", b'{"model": "medqa", "messages": [{"role": "user", "content": "\\uDC00"}]}'),
    ],
)
def test_half_of_a_surrogate_pair_is_refused_in_the_shape_of_the_api(gateway: Gateway, path: str, body: bytes) -> None:
    answer = gateway.client.post(path, content=body, headers={"Content-Type": "application/json"})
    openai = path.startswith("/v1/chat")
    assert answer.status_code == (400 if openai else 422)
    error = answer.json()["error"]
    assert "surrogate" in error["message"]
    assert ("type" in error) is openai


def test_a_whole_surrogate_pair_is_a_letter_like_any_other(gateway: Gateway) -> None:
    gateway.route_to("a")
    body = b'{"question": "What helps \\ud83d\\ude00?"}'
    answer = gateway.client.post("/v1/ask", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200


def test_an_engine_that_hangs_is_a_503_after_the_deadline(served: str, engine: FakeEngine) -> None:
    engine.seconds = 8.0
    answer = httpx.post(f"{served}/v1/ask", json=ASKED, timeout=30)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "engine_unavailable")
    assert "Retry-After" in answer.headers


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_closes_the_connection_to_the_engine(
    tmp_path: Path, engine: FakeEngine, stream: bool
) -> None:
    settings = Settings(home=tmp_path, engine_url=engine.url, anonymous=True)
    engine.adapters["a"] = "somewhere"
    assert gateway_state(settings).routes.switch(None, "version/a", "a", CONTRACT)
    with running(settings) as url:
        until(lambda: httpx.get(f"{url}/readyz", timeout=30).status_code == 200)
        engine.seconds = 30.0
        engine.write = lambda adapter, prompt: "words " * 300
        asked = len(engine.names_asked())
        body = {"model": "medqa", "stream": stream, "messages": [{"role": "user", "content": "Who?"}]}
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{url}/v1/chat/completions", json=body, timeout=httpx.Timeout(10, read=0.5))
        assert len(engine.names_asked()) == asked + 1
        until(lambda: engine.aborted == 1, 20)
        until(lambda: counted(url, "medpipe_in_flight 0.0"))


def test_beyond_the_queue_a_question_is_refused_at_once_and_an_emergency_is_answered(
    served: str, engine: FakeEngine
) -> None:
    engine.seconds = 0.9
    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(httpx.post, f"{served}/v1/ask", json=ASKED, timeout=30) for _ in range(4)]
        answers = [future.result() for future in asking]
        emergency = httpx.post(f"{served}/v1/ask", json={"question": "I want to kill myself."}, timeout=30)
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200, 200, 503, 503]
    refused = [answer for answer in answers if answer.status_code == 503]
    assert {answer.json()["error"]["code"] for answer in refused} == {"overloaded"}
    assert all("Retry-After" in answer.headers for answer in refused)
    assert emergency.json()["refused"]
    assert counted(served, "medpipe_turned_away 2.0")


def test_health_answers_while_too_many_requests_are_open(served: str) -> None:
    opened = [connected(served, b"{", 500) for _ in range(TIGHT.open_requests)]
    try:
        until(lambda: httpx.post(f"{served}/v1/ask", json=ASKED, timeout=30).status_code == 503)
        assert httpx.get(f"{served}/healthz", timeout=30).status_code == 200
        assert httpx.get(f"{served}/metrics", timeout=30).status_code == 200
    finally:
        for client in opened:
            client.close()


def test_serving_can_be_stopped_while_too_many_requests_are_open(served: str, tmp_path: Path) -> None:
    state = gateway_state(Settings(home=tmp_path))
    key = state.keys.issue("ops", "person", Grant(scopes=("admin",))).secret
    decision = {"reason": "wrong doses", "by": "Dr. A"}
    opened = [connected(served, b"{", 500) for _ in range(TIGHT.open_requests)]
    try:
        until(lambda: httpx.post(f"{served}/v1/ask", json=ASKED, timeout=30).status_code == 503)
        headers = {"Authorization": f"Bearer {key}"}
        stopped = httpx.post(f"{served}/v1/admin/stop", json=decision, headers=headers, timeout=30)
        assert stopped.status_code == 200
    finally:
        for client in opened:
            client.close()


def test_ratings_that_wait_for_a_database_do_not_delay_the_kill_switch(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.route_to("a")
    given = gateway.ask()["answer_id"]
    released = threading.Event()
    monkeypatch.setattr(ScrubbedLog, "rate", lambda *_: released.wait(60))
    rated = {"answer_id": given, "rating": "up"}
    with ThreadPoolExecutor(40) as pool:
        rating = [pool.submit(gateway.client.post, "/v1/feedback", json=rated) for _ in range(40)]
        try:
            until(pool._work_queue.empty)
            gateway.state.kill_switch.set(True, "wrong doses", "Dr. A")
            until_soon(lambda: gateway.client.get("/healthz").json().get("stopped"), 5.0)
        finally:
            released.set()
        assert {future.result().status_code for future in rating} <= {202, 503}


def test_a_long_text_is_judged_beside_the_event_loop(gateway: Gateway) -> None:
    gateway.route_to("a")
    said = ("no chest pain, can i give my dose for how much to " * 40)[:930]
    messages = [{"role": "user", "content": said}] * 64
    done = threading.Event()

    def probe() -> list[int]:
        statuses = []
        while not done.is_set():
            statuses.append(gateway.client.get("/healthz").status_code)
        return statuses

    with ThreadPoolExecutor(1) as pool:
        probing = pool.submit(probe)
        answer = gateway.client.post("/v1/chat/completions", json={"model": "medqa", "messages": messages})
        done.set()
        assert set(probing.result()) == {200}
    assert answer.status_code == 200


def test_only_the_newest_part_of_a_conversation_is_screened_and_the_question_always(gateway: Gateway) -> None:
    gateway.route_to("a")

    def refused(*messages: str) -> bool:
        turns = [{"role": "user", "content": message} for message in messages]
        answer = gateway.client.post("/v1/chat/completions", json={"model": "medqa", "messages": turns})
        return bool(answer.json()["medpipe"]["refused"])

    filler = "What helps against dust? " * 30
    assert refused("How many pills", "would kill me?")
    assert refused(filler, "I feel suicidal tonight.", filler, "What now?")
    assert refused(*[filler] * 20, "I feel suicidal tonight.")
    assert not refused("I feel suicidal tonight.", *[filler] * 20, "What causes gout?")


def test_a_breaker_opens_after_failures_in_a_row_and_one_request_tries_again() -> None:
    now = 0.0
    breaker = Breaker(LIMITS._replace(breaker_failures=2, breaker_seconds=5.0), lambda: now)
    breaker.failed()
    breaker.succeeded()
    breaker.failed()
    breaker.admit()
    breaker.failed()
    with pytest.raises(TryLater, match="left alone"):
        breaker.admit()
    now = 5.0
    breaker.admit(tries=False)
    breaker.admit()
    with pytest.raises(TryLater):
        breaker.admit()  # the first one is still trying
    breaker.succeeded()
    breaker.admit()
    assert not breaker.is_open


def test_a_dead_engine_is_left_alone_and_found_again(served: str, engine: FakeEngine) -> None:
    engine.drop_next = 1000
    until(lambda: "left alone" in httpx.post(f"{served}/v1/ask", json=ASKED, timeout=30).text)
    assert counted(served, "medpipe_breaker_open 1.0")
    engine.drop_next = 0
    until(lambda: httpx.post(f"{served}/v1/ask", json=ASKED, timeout=30).status_code == 200)
    assert counted(served, "medpipe_breaker_open 0.0")


def test_an_engine_that_lists_models_and_generates_nothing_is_left_alone(engine: FakeEngine, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, engine_url=engine.url, anonymous=True)
    engine.adapters["a"] = "somewhere"
    assert gateway_state(settings).routes.switch(None, "version/a", "a", CONTRACT)
    limits = LIMITS._replace(engine_seconds=1.0, breaker_failures=2, breaker_seconds=60.0)
    body = {"model": "medqa", "stream": True, "messages": [{"role": "user", "content": "Who?"}]}
    with TestClient(create_app(settings, limits), client=LOCAL_CLIENT) as client:
        until(lambda: client.get("/readyz").status_code == 200)
        engine.seconds, engine.write = 5.0, lambda *_: "word"  # the headers of a stream come at once
        for _ in range(2):
            assert "does not answer" in client.post("/v1/chat/completions", json=body).text
        assert client.get("/readyz").status_code == 200
        asked = len(engine.names_asked())
        assert "left alone" in client.post("/v1/ask", json=ASKED).text
        assert len(engine.names_asked()) == asked


def test_tokens_are_not_counted_by_an_engine_that_is_left_alone() -> None:
    async def scenario() -> None:
        client = EngineClient("http://127.0.0.1:1", None, LIMITS._replace(breaker_failures=1))
        client.breaker.failed()
        with pytest.raises(TryLater, match="left alone"):
            await client.tokens("a", "What?")

    asyncio.run(scenario())


def test_a_turn_is_given_back_whatever_happens_and_waiting_has_an_end() -> None:
    async def scenario() -> None:
        turns = Turns(LIMITS._replace(engine_requests=1, waiting_requests=1, waiting_seconds=0.05))
        with pytest.raises(ZeroDivisionError):
            async with turns.turn():
                raise ZeroDivisionError
        async with turns.turn():
            with pytest.raises(Problem) as late:
                async with turns.turn():
                    raise AssertionError
            assert late.value.code == "overloaded"
        async with turns.turn():
            assert turns.waiting == 0

    asyncio.run(scenario())


def test_a_stream_that_the_engine_cut_at_the_limit_says_length(gateway: Gateway) -> None:
    gateway.route_to("a")
    gateway.engine.finish = "length"
    body = {"model": "medqa", "stream": True, "messages": [{"role": "user", "content": "Who?"}]}
    events = gateway.client.post("/v1/chat/completions", json=body).text.split("\n\n")
    last = json.loads(events[-3].removeprefix("data: "))
    assert last["choices"][0]["finish_reason"] == "length"


def test_a_stream_that_breaks_off_is_not_counted_as_answered(gateway: Gateway) -> None:
    gateway.route_to("a")
    gateway.engine.break_after = 7
    body = {"model": "medqa", "stream": True, "messages": [{"role": "user", "content": "Who?"}]}
    answer = gateway.client.post("/v1/chat/completions", json=body)
    assert answer.status_code == 200 and '"error"' in answer.text
    metrics = gateway.client.get("/metrics").text
    assert 'medpipe_requests_total{endpoint="/v1/chat/completions",status="502"} 1.0' in metrics
    assert 'medpipe_requests_total{endpoint="/v1/chat/completions",status="200"}' not in metrics


def test_a_database_that_hangs_holds_no_rating_for_ever(
    engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    monkeypatch.setattr(ScrubbedLog, "rate", lambda *_: released.wait(60))
    settings = Settings(home=tmp_path, engine_url=engine.url, anonymous=True)
    with TestClient(create_app(settings), client=LOCAL_CLIENT) as client:
        given = client.post("/v1/ask", json={"question": "I want to kill myself."}).json()["answer_id"]
    with TestClient(create_app(settings, LIMITS._replace(answer_seconds=0.5)), client=LOCAL_CLIENT) as client:
        answer = client.post("/v1/feedback", json={"answer_id": given, "rating": "up"})
        released.set()
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "too_slow")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_database_that_hangs_holds_nobody_who_reads_or_takes_back_feedback(
    engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    released = threading.Event()
    for name in ("opinion", "take_back"):
        monkeypatch.setattr(ScrubbedLog, name, lambda *_: released.wait(60))
    settings = Settings(home=tmp_path, engine_url=engine.url, anonymous=True)
    with TestClient(create_app(settings, LIMITS._replace(store_seconds=0.3)), client=LOCAL_CLIENT) as client:
        given = client.post("/v1/ask", json={"question": "I want to kill myself."}).json()["answer_id"]
        answer = client.request(method, f"/v1/feedback/{given}")
        released.set()
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_unavailable")


def test_a_gateway_keeps_its_records_when_it_ends_without_a_database(
    engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[str] = []
    keep = Recorder.stop

    async def stop(recorder: Recorder) -> None:
        await keep(recorder)
        ended.append("the recorder")

    def away(*_: object) -> None:
        raise OSError("away")

    monkeypatch.setattr(Recorder, "stop", stop)
    monkeypatch.setattr(SqlRoutes, "leave", away)
    with TestClient(create_app(Settings(home=tmp_path, engine_url=engine.url))):
        pass
    assert ended == ["the recorder"]
