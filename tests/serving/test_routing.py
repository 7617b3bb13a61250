"""Following the route: no restart, no dropped request, and /readyz says whether questions are answered."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from medpipe import wiring
from medpipe.core.judging.evaluation import Sample
from medpipe.errors import UsageError
from medpipe.gateway_state import gateway_state
from medpipe.ports import Engine
from medpipe.settings import Settings
from medpipe.steps.deployment import deploy
from serving.app import create_app
from serving.limits import LIMITS
from tests.contracts import CONTRACT, ON_TINY
from tests.fakes_engine import FakeEngine
from tests.places import ROOT
from tests.serving.conftest import LOCAL_CLIENT, Gateway
from tests.serving.over_http import running
from tests.waiting import until


def chat(gateway: Gateway, stream: bool) -> httpx.Response:
    body = {"model": "medqa", "messages": [{"role": "user", "content": "Who?"}], "stream": stream}
    return gateway.client.post("/v1/chat/completions", json=body)


def test_it_is_ready_once_the_routed_adapter_has_answered(gateway: Gateway) -> None:
    first = gateway.client.get("/readyz")
    assert (first.status_code, first.json()["reason"]) == (503, "no version has been deployed yet")

    gateway.route_to("a")
    until(lambda: gateway.client.get("/readyz").status_code == 200)
    assert gateway.client.get("/readyz").json()["generation"] == 1

    gateway.engine.restart()
    lost = gateway.client.get("/readyz")
    assert lost.status_code == 503
    assert "has not loaded a; deploy version/medqa-v1-aaaaaa again" in lost.json()["reason"]
    assert gateway.client.get("/healthz").json() == {"status": "ok", "stopped": None}


def test_a_new_route_is_followed_without_a_restart(gateway: Gateway) -> None:
    gateway.route_to("a")
    assert gateway.ask()["adapter"] == "a"
    gateway.route_to("b", "version/b")
    assert gateway.ask()["model_version"] == "version/b"


@pytest.fixture
def slow_follower(engine: FakeEngine, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway that follows `a` and looks at the route again only when a request makes it."""
    settings = Settings(home=tmp_path, engine_url=engine.url, anonymous=True)
    state = gateway_state(settings)
    engine.adapters["a"] = "somewhere"
    state.routes.switch(None, "version/a", "a", CONTRACT)
    with TestClient(create_app(settings, LIMITS._replace(poll_seconds=600.0)), client=LOCAL_CLIENT) as client:
        until(lambda: client.get("/readyz").status_code == 200)
        yield Gateway(client, engine, state, settings)


@pytest.mark.parametrize("stream", [False, True])
def test_a_request_that_meets_an_unloaded_adapter_is_repeated_on_the_new_route(
    slow_follower: Gateway, stream: bool
) -> None:
    slow_follower.route_to("b", wait=False)
    del slow_follower.engine.adapters["a"]

    assert "answered by b." in chat(slow_follower, stream).text
    assert "medpipe_route_retries_total 1.0" in slow_follower.client.get("/metrics").text
    assert "medpipe_in_flight 0.0" in slow_follower.client.get("/metrics").text


@pytest.mark.parametrize("stream", [False, True])
def test_a_request_is_repeated_once_and_no_more(slow_follower: Gateway, stream: bool) -> None:
    slow_follower.route_to("b", wait=False)
    slow_follower.engine.restart()

    lost = chat(slow_follower, stream)
    assert (lost.status_code, lost.json()["error"]["code"]) == (503, "adapter_lost")
    assert slow_follower.engine.names_asked()[-2:] == ["a", "b"]
    assert "medpipe_route_retries_total 1.0" in slow_follower.client.get("/metrics").text


def test_an_engine_that_lost_the_adapter_is_a_503_that_says_what_to_do(gateway: Gateway) -> None:
    gateway.route_to("a")
    gateway.engine.restart()

    answer = gateway.client.post("/v1/ask", json={"question": "What?"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "adapter_lost")


def test_a_generation_is_settled_only_when_the_request_on_the_older_one_has_ended(gateway: Gateway) -> None:
    first = gateway.route_to("a")
    until(lambda: gateway.state.routes.settled(first.generation))
    gateway.engine.seconds = 1.5
    answers: list[str] = []
    asking = threading.Thread(target=lambda: answers.append(gateway.ask()["adapter"]))
    asking.start()
    until(lambda: "medpipe_in_flight 1.0" in gateway.client.get("/metrics").text)

    second = gateway.route_to("b")
    assert not gateway.state.routes.settled(second.generation)
    asking.join()
    until(lambda: gateway.state.routes.settled(second.generation))
    assert answers == ["a"]


def test_a_client_that_hangs_up_mid_answer_is_not_waited_for(tmp_path: Path) -> None:
    with FakeEngine(write=lambda adapter, prompt: " One." + " More words follow." * 50) as engine:
        settings = Settings(home=tmp_path, engine_url=engine.url, anonymous=True)
        state = gateway_state(settings)
        with running(settings) as url:
            engine.adapters["a"] = "somewhere"
            assert state.routes.switch(None, "version/a", "a", CONTRACT)
            until(lambda: httpx.get(f"{url}/readyz").status_code == 200)
            engine.seconds = 10.0
            for _ in range(3):
                body = {"model": "medqa", "stream": True, "messages": [{"role": "user", "content": "Who?"}]}
                with httpx.stream("POST", f"{url}/v1/chat/completions", json=body, timeout=30) as answer:
                    assert "One." in next(line for line in answer.iter_lines() if line)
            until(lambda: "medpipe_in_flight 0.0" in httpx.get(f"{url}/metrics").text)


def test_a_gateway_that_stops_says_goodbye(tmp_path: Path, engine: FakeEngine) -> None:
    settings = Settings(home=tmp_path, engine_url=engine.url, anonymous=True)
    state = gateway_state(settings)
    with TestClient(create_app(settings)):
        until(lambda: not state.routes.settled(1))
    assert state.routes.settled(1)


def test_no_request_fails_while_versions_are_swapped_under_load(gateway: Gateway, tmp_path: Path) -> None:
    from medpipe.backends.vllm_engine import VllmEngine

    class Outside:
        engine: Engine = VllmEngine(gateway.engine.url)
        routes = gateway.state.routes
        ledger = wiring.Wiring(gateway.settings).ledger

    (tmp_path / "adapter_config.json").write_text("{}")
    gateway.engine.seconds = 0.05
    smoke = [Sample(id="1", question="Who?", target="", slot="answered")]
    deploy("version/v0", tmp_path, "v0", ON_TINY, smoke, Outside())
    until(lambda: gateway.client.get("/readyz").status_code == 200)
    stop = threading.Event()
    statuses: list[int] = []
    adapters: set[str] = set()

    def keep_asking(stream: bool) -> None:
        while not stop.is_set():
            answer = chat(gateway, stream)
            statuses.append(answer.status_code)
            adapters.update(name for name in ("v0", "v1", "v2", "v3") if f"by {name}." in answer.text)

    with ThreadPoolExecutor(8) as pool:
        asking = [pool.submit(keep_asking, number % 2 == 0) for number in range(8)]
        for number in (1, 2, 3):
            deploy(f"version/v{number}", tmp_path, f"v{number}", ON_TINY, smoke, Outside())
            assert set(gateway.engine.adapters) == {f"v{number}"}
        stop.set()
        for done in asking:
            done.result()

    assert len(statuses) > 30
    assert set(statuses) == {200}
    assert adapters == {"v0", "v1", "v2", "v3"}


def test_without_an_engine_it_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="MEDPIPE_ENGINE_URL"):
        create_app(Settings(home=tmp_path))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [({}, "set MEDPIPE_ENGINE_URL"), ({"MEDPIPE_ENGINE_URL": "http://x", "MEDPIPE_DATABASE_URL": "?"}, "DATABASE_URL")],
)
def test_the_program_ends_with_the_reason_and_without_a_traceback(
    tmp_path: Path, settings: dict[str, str], reason: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "serving"],
        cwd=ROOT,
        env={**os.environ, "MEDPIPE_HOME": str(tmp_path), **settings},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("python -m serving: ")
    assert reason in ended.stderr
    assert "Traceback" not in ended.stderr
