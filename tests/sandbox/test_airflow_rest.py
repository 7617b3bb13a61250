"""The client of Airflow's REST API: logins, restarts of the server, and the message of a failed run."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest
from tenacity import wait_none

from medpipe.sandbox.airflow_rest import Airflow, RunFailed

Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[[Handler], Airflow]:
    """Return a function that connects a client to a handler of requests, without waiting between attempts."""

    def client(handler: Handler) -> Airflow:
        def with_login(request: httpx.Request) -> httpx.Response:
            if request.url.path == "/auth/token":
                return httpx.Response(201, json={"access_token": "fresh"})
            return handler(request)

        monkeypatch.setattr(httpx, "HTTPTransport", lambda **_: httpx.MockTransport(with_login))
        airflow = Airflow("http://airflow", "admin", "admin")
        airflow._while_restarting.wait = wait_none()
        return airflow

    return client


def test_a_refused_token_leads_to_one_new_login(connect) -> None:
    statuses = iter([401, 200])
    airflow = connect(lambda request: httpx.Response(next(statuses), json={"dags": []}))
    assert airflow.get("/api/v2/dags") == {"dags": []}


def test_a_token_that_is_refused_again_is_an_error(connect) -> None:
    with pytest.raises(httpx.HTTPStatusError, match="401"):
        connect(lambda request: httpx.Response(401, text="no")).get("/api/v2/dags")


def _restarting(failures: int, requests: list[str]) -> Handler:
    """Drop the first connections, then answer."""

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request.method)
        if len(requests) <= failures:
            raise httpx.ConnectError("refused")
        return httpx.Response(200, json={"dag_run_id": "manual"})

    return handle


def test_a_read_is_repeated_while_the_server_restarts(connect) -> None:
    requests: list[str] = []
    connect(_restarting(3, requests)).get("/api/v2/dags")
    assert requests == ["GET"] * 4


def test_a_read_is_given_up_after_twenty_attempts(connect) -> None:
    requests: list[str] = []
    with pytest.raises(httpx.ConnectError):
        connect(_restarting(99, requests)).get("/api/v2/dags")
    assert len(requests) == 20


def test_a_write_is_not_repeated_so_that_no_run_is_started_twice(connect) -> None:
    requests: list[str] = []
    with pytest.raises(httpx.ConnectError):
        connect(_restarting(1, requests)).trigger("retrain")
    assert requests == ["POST"]


def test_missing_dags_end_in_a_timeout_that_shows_the_import_errors(connect) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("importErrors"):
            return httpx.Response(200, json={"import_errors": ["retrain.py: SyntaxError"]})
        return httpx.Response(200, json={"dags": [{"dag_id": "watch"}]})

    with pytest.raises(TimeoutError, match=r"\['retrain'\] did not appear.*SyntaxError"):
        connect(handle).wait_for_dags({"watch", "retrain"}, patience=0)


def test_a_failed_run_names_the_task_that_failed_first_and_ends_with_its_log(connect) -> None:
    instances = [
        {"task_id": "deploy", "state": "failed", "end_date": "2026-03-04T02", "try_number": 1, "map_index": -1},
        {"task_id": "promote", "state": "failed", "end_date": "2026-03-04T01", "try_number": 2, "map_index": -1},
    ]
    log = [
        "plain line",
        {"event": "stopped", "level": "error", "error_detail": [{"exc_type": "ChampionMoved", "exc_value": "v7"}]},
    ]

    def handle(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if "/logs/" in path:
            assert path.endswith("/promote/logs/2")
            return httpx.Response(200, content=json.dumps({"content": log}))
        if path.endswith("/taskInstances"):
            return httpx.Response(200, json={"task_instances": instances})
        return httpx.Response(200, json={"state": "failed"})

    with pytest.raises(RunFailed) as failure:
        list(connect(handle).wait("rollout", "run-1"))
    lines = str(failure.value).splitlines()
    assert lines[0] == "rollout run-1 failed in promote; the end of its log:"
    assert lines[1:] == ["plain line", "error stopped", "  ChampionMoved: v7"]
