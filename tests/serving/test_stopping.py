"""The kill switch: one call stops every gateway, and emergencies are still pointed to help."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from medpipe import cli
from medpipe.core.teaching.identities import Grant
from medpipe.gateway_state import GatewayState, gateway_state
from medpipe.sandbox.server import Server
from medpipe.settings import Settings
from serving.stopping import StopFollower
from tests.contracts import CONTRACT
from tests.fakes_engine import FakeEngine
from tests.places import ROOT
from tests.processes import LOCAL, free_port, serving
from tests.serving.conftest import Gateway
from tests.waiting import until

QUESTION = {"question": "What causes Velorin fever?"}
EMERGENCY = {"question": "I want to kill myself."}
STREAMED = {"model": "medqa", "stream": True, "messages": [{"role": "user", "content": "What causes Velorin fever?"}]}
DECISION = {"reason": "wrong doses", "by": "Dr. A"}


def admin(state: GatewayState) -> dict[str, str]:
    return {"Authorization": f"Bearer {state.keys.issue('ops', 'person', Grant(scopes=('admin',))).secret}"}


def test_one_call_stops_serving_and_says_who_and_why_until_another_one_lifts_it(gateway: Gateway) -> None:
    gateway.route_to("a")
    headers = admin(gateway.state)
    stopped = gateway.client.post("/v1/admin/stop", json=DECISION, headers=headers)
    assert stopped.status_code == 200
    by = stopped.json()["by"]
    assert by.startswith("Dr. A (key-")

    for path, body in (("/v1/ask", QUESTION), ("/v1/chat/completions", STREAMED | {"stream": False})):
        refused = gateway.client.post(path, json=body)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "serving_stopped")
        assert f"stopped by {by}" in refused.json()["error"]["message"]
        assert "wrong doses" in refused.json()["error"]["message"] and "Retry-After" in refused.headers
    ready = gateway.client.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (200, False), "a balancer must go on sending emergencies here"
    for health in (ready, gateway.client.get("/healthz")):
        assert (health.json()["stopped"]["by"], health.json()["stopped"]["reason"]) == (by, "wrong doses")
    metrics = gateway.client.get("/metrics").text
    assert "medpipe_serving_stopped 1.0" in metrics
    assert f'medpipe_serving_stop_info{{by="{by}",reason="wrong doses"}} 1.0' in metrics

    assert gateway.client.post("/v1/admin/resume", json=DECISION, headers=headers).json()["stopped"] is False
    gateway.ask()
    assert gateway.client.get("/readyz").json()["stopped"] is None
    metrics = gateway.client.get("/metrics").text
    assert "medpipe_serving_stopped 0.0" in metrics and "wrong doses" not in metrics


@pytest.mark.parametrize("question", ["I want to kill myself.", "I have chest pain right now, can't breathe"])
def test_an_emergency_is_pointed_to_help_while_serving_is_stopped(gateway: Gateway, question: str) -> None:
    gateway.route_to("a")
    before = gateway.ask(question)
    gateway.state.kill_switch.set(True, "wrong doses", "Dr. A")
    until(lambda: gateway.client.post("/v1/ask", json=QUESTION).status_code == 503)
    during = gateway.ask(question)
    assert during["refused"] and during["answer"] == before["answer"]
    unrecognised = gateway.client.post("/v1/ask", json={"question": "I have crushing chest pain"})
    assert "call your local emergency number now" in unrecognised.json()["error"]["message"]


def test_a_stop_that_is_stored_is_not_called_failed_where_it_cannot_be_read_back(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: object) -> None:
        raise OSError("away")

    headers = admin(gateway.state)
    monkeypatch.setattr(StopFollower, "refresh", away)
    assert gateway.client.post("/v1/admin/stop", json=DECISION, headers=headers).status_code == 200
    stop = gateway.state.kill_switch.current()
    assert stop and stop.stopped


def test_a_stop_needs_a_reason_a_name_and_something_to_lift(gateway: Gateway) -> None:
    headers = admin(gateway.state)
    for body in ({"by": "Dr. A"}, {"reason": "x"}, {"reason": "x", "by": " "}, {"reason": "", "by": "Dr. A"}):
        assert gateway.client.post("/v1/admin/stop", json=body, headers=headers).status_code == 422
    nothing = gateway.client.post("/v1/admin/resume", json=DECISION, headers=headers)
    assert (nothing.status_code, nothing.json()["error"]["code"]) == (409, "not_stopped")
    assert gateway.state.kill_switch.current() is None


def test_a_whole_answer_that_is_being_made_is_not_given_and_the_engine_is_left(gateway: Gateway) -> None:
    gateway.route_to("a")
    gateway.engine.seconds = 20.0
    statuses: list[tuple[int, float]] = []

    def ask() -> None:
        statuses.append((gateway.client.post("/v1/ask", json=QUESTION).status_code, time.monotonic()))

    asking = threading.Thread(target=ask)
    asking.start()
    until(lambda: "medpipe_in_flight 1.0" in gateway.client.get("/metrics").text)
    gateway.state.kill_switch.set(True, "wrong doses", "Dr. A")
    begun = time.monotonic()
    asking.join()
    ((status, ended),) = statuses
    assert status == 503 and ended - begun < 1.0
    assert "medpipe_in_flight 0.0" in gateway.client.get("/metrics").text


@contextmanager
def process(home: Path, engine: FakeEngine, port: int) -> Iterator[Server]:
    """Run a gateway as a process."""
    command = [sys.executable, "-m", "serving", "--port", str(port)]
    ours = {"PYTHONPATH": str(ROOT), "MEDPIPE_HOME": str(home), "MEDPIPE_ENGINE_URL": engine.url}
    ours |= {"MEDPIPE_ANONYMOUS": "1", "HF_HUB_OFFLINE": "1"}
    with serving(command, f"http://{LOCAL}:{port}/healthz", home / f"{port}.log", ours) as server:
        yield server


def ends(address: str, read: list[str], ended: list[float]) -> None:
    with httpx.stream("POST", f"{address}/v1/chat/completions", json=STREAMED, timeout=60) as answer:
        for line in answer.iter_lines():
            read.append(line)
    ended.append(time.monotonic())


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_one_command_stops_two_gateways_and_their_streams_within_a_second_and_a_restart_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path)
    state = gateway_state(settings)
    monkeypatch.setenv("MEDPIPE_HOME", str(tmp_path))
    with FakeEngine(write=lambda *_: " One." + " More words follow." * 100) as engine, ExitStack() as started:
        ports = [free_port() for _ in range(2)]
        addresses = [f"http://{LOCAL}:{port}" for port in ports]
        with ThreadPoolExecutor() as side_by_side:
            begin = lambda port: started.enter_context(process(tmp_path, engine, port))  # noqa: E731
            servers = list(side_by_side.map(begin, ports))
        engine.adapters["a"] = "somewhere"
        assert state.routes.switch(None, "version/a", "a", CONTRACT)
        for address in addresses:
            until(lambda address=address: httpx.get(f"{address}/readyz").status_code == 200)  # type: ignore[misc]
        engine.seconds = 60.0
        streams = [([], [], address) for address in addresses]  # type: ignore[var-annotated]
        threads = [threading.Thread(target=ends, args=(address, read, ended)) for read, ended, address in streams]
        for thread in threads:
            thread.start()
        for read, _, _ in streams:
            until(lambda read=read: any("One." in line for line in read))  # type: ignore[misc]

        assert cli.main(["stop-serving", "--reason", "wrong doses", "--by", "Dr. A"]) == 0
        thrown = time.monotonic()
        for thread in threads:
            thread.join()
        for read, ended, address in streams:
            assert ended[0] - thrown < 1.0, "a stream went on"
            assert "serving_stopped" in read[-4] and read[-2] == "data: [DONE]"
            refused = httpx.post(f"{address}/v1/ask", json=QUESTION)
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "serving_stopped")
            assert httpx.post(f"{address}/v1/ask", json=EMERGENCY).json()["refused"]

        assert servers[1].process is not None
        servers[1].process.kill()
        servers[1].process.wait()
        engine.seconds = 0.0
        started.enter_context(process(tmp_path, engine, ports[1]))
        refused = httpx.post(f"{addresses[1]}/v1/ask", json=QUESTION)
        assert (refused.status_code, "wrong doses" in refused.text) == (503, True), "a restart lifted the stop"
        assert httpx.get(f"{addresses[1]}/healthz").json()["stopped"]["by"] == "Dr. A"

        assert cli.main(["resume-serving", "--reason", "mended", "--by", "Dr. B"]) == 0
        for address in addresses:
            until(lambda address=address: httpx.post(f"{address}/v1/ask", json=QUESTION).status_code == 200)  # type: ignore[misc]
        assert json.loads(state.kill_switch.current().model_dump_json())["by"] == "Dr. B"  # type: ignore[union-attr]
