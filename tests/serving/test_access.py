"""Keys at the gateway: who may ask, what a scope allows, and when a key is refused."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from medpipe.core.teaching.identities import SCOPES, Grant, Key, Scope
from medpipe.gateway_state import gateway_state
from medpipe.settings import Settings
from serving import known_keys
from serving.__main__ import main
from serving.app import create_app
from serving.identity import is_loopback
from serving.known_keys import KnownKeys
from serving.limits import LIMITS
from serving.problems import Problem
from tests.fakes_engine import FakeEngine
from tests.serving.conftest import LOCAL_CLIENT, Gateway
from tests.waiting import until

QUESTION = {"question": "What causes Velorin fever?"}
CHAT = {"model": "medqa", "messages": [{"role": "user", "content": "What causes Velorin fever?"}]}


@pytest.fixture
def closed(engine: FakeEngine, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway as it is shipped: nobody asks without a key."""
    settings = Settings(home=tmp_path, engine_url=engine.url)
    with TestClient(create_app(settings), client=LOCAL_CLIENT) as client:
        gateway = Gateway(client, engine, gateway_state(settings), settings)
        gateway.route_to("a")
        yield gateway


OPENAI = ("/v1/chat/completions", "/v1/models")
"""Endpoints whose errors have OpenAI's codes."""


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def key_for(gateway: Gateway, *scopes: Scope, label: str = "ann", **grant: Any) -> dict[str, str]:
    return bearer(gateway.state.keys.issue(label, "person", Grant(scopes=scopes, **grant)).secret)


def test_nobody_asks_without_a_key_unless_a_setting_says_so(closed: Gateway) -> None:
    for method, path, body in (
        ("POST", "/v1/ask", QUESTION),
        ("POST", "/v1/chat/completions", CHAT),
        ("GET", "/v1/models", None),
        ("POST", "/v1/feedback", {"answer_id": "x", "rating": "up"}),
        ("POST", "/v1/admin/stop", {"reason": "x", "by": "y"}),
    ):
        refused = closed.client.request(method, path, json=body)
        code = "invalid_api_key" if path in OPENAI else "invalid_key"
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, code), path
        assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert closed.client.post("/v1/ask", json=QUESTION, headers=key_for(closed, "ask")).status_code == 200
    assert closed.client.get("/readyz").json()["ready"], "probes need no key"


def test_without_a_key_only_this_machine_asks_and_no_proxy_on_it(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.route_to("a")
    assert gateway.client.post("/v1/ask", json=QUESTION).status_code == 200
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
        assert gateway.client.post("/v1/ask", json=QUESTION, headers={header: "127.0.0.1"}).status_code == 401
    assert gateway.client.post("/v1/admin/stop", json={"reason": "x", "by": "y"}).status_code == 403
    monkeypatch.setattr(gateway.client._transport, "client", ("192.0.2.7", 50000))
    assert gateway.client.post("/v1/ask", json=QUESTION).status_code == 401
    assert gateway.client.post("/v1/ask", json=QUESTION, headers=key_for(gateway, "ask")).status_code == 200


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("::ffff:127.0.0.1", True), ("localhost", True)]
    + [(host, False) for host in ("0.0.0.0", "::", "10.0.0.1", "192.0.2.7", "gateway.example.org", "")],
)
def test_an_address_is_this_machines_own_or_not(host: str, local: bool) -> None:
    assert is_loopback(host) is local


def test_a_gateway_that_asks_nobody_for_a_key_does_not_listen_to_other_machines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MEDPIPE_ANONYMOUS", "true")
    monkeypatch.setattr("sys.argv", ["serving", "--host", "0.0.0.0"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "MEDPIPE_ANONYMOUS lets clients ask without a key" in capsys.readouterr().err


@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_allows_its_own_calls_and_no_others(closed: Gateway, scope: Scope) -> None:
    headers = key_for(closed, scope)
    calls = {
        "/v1/ask": (QUESTION, {"ask"}),
        "/v1/chat/completions": (CHAT, {"ask"}),
        "/v1/feedback": ({"answer_id": "ans-x", "rating": "up"}, {"feedback", "review"}),
        "/v1/admin/resume": ({"reason": "x", "by": "y"}, {"admin"}),
    }
    for path, (body, scopes) in calls.items():
        answer = closed.client.post(path, json=body, headers=headers)
        denied = answer.status_code == 403 and answer.json()["error"]["code"] == "missing_scope"
        assert denied is (scope not in scopes), path


def test_a_missing_scope_is_refused_in_openais_shape_and_counted(closed: Gateway) -> None:
    refused = closed.client.post("/v1/chat/completions", json=CHAT, headers=key_for(closed, "feedback"))
    error = refused.json()["error"]
    assert (refused.status_code, error["type"], error["code"]) == (403, "permission_error", "missing_scope")
    assert set(error) == {"message", "type", "param", "code"} and "scope ask" in error["message"]
    assert 'medpipe_denied_total{reason="scope"} 1.0' in closed.client.get("/metrics").text


def test_a_key_is_refused_from_the_moment_at_which_it_expires(closed: Gateway) -> None:
    headers = key_for(closed, "ask", expires_at=datetime.now(UTC) + timedelta(seconds=0.4))
    assert closed.client.post("/v1/ask", json=QUESTION, headers=headers).status_code == 200
    until(lambda: closed.client.post("/v1/ask", json=QUESTION, headers=headers).status_code == 401)
    refused = closed.client.post("/v1/ask", json=QUESTION, headers=headers)
    assert "expired at" in refused.json()["error"]["message"]


def test_a_rotated_key_and_its_successor_are_one_identity_until_the_overlap_ends(closed: Gateway) -> None:
    first = closed.state.keys.issue("ann", "person")
    second = closed.state.keys.rotate(first.key.id, timedelta(seconds=0.6))
    answer = closed.ask(**bearer(first.secret))["answer_id"]
    rating = {"answer_id": answer, "rating": "up"}
    assert closed.client.post("/v1/feedback", json=rating, headers=bearer(second.secret)).status_code == 202
    until(lambda: closed.client.post("/v1/ask", json=QUESTION, headers=bearer(first.secret)).status_code == 401)
    assert closed.client.post("/v1/ask", json=QUESTION, headers=bearer(second.secret)).status_code == 200


def test_a_revocation_counts_within_a_second(closed: Gateway) -> None:
    issued = closed.state.keys.issue("ann", "person")
    closed.ask(**bearer(issued.secret))
    closed.state.keys.revoke(issued.key.id, "lost")
    until(lambda: closed.client.post("/v1/ask", json=QUESTION, headers=bearer(issued.secret)).status_code == 401, 1.0)


def test_neither_a_secret_nor_a_holder_is_logged(closed: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    issued = closed.state.keys.issue("Dr. Calder", "person", Grant(scopes=("ask", "admin")))
    with caplog.at_level(logging.DEBUG):
        closed.ask(**bearer(issued.secret))
        closed.client.post("/v1/feedback", json={"answer_id": "x", "rating": "up"}, headers=bearer(issued.secret))
        closed.client.post("/v1/admin/stop", json={"reason": "x", "by": "y"}, headers=bearer(issued.secret))
        closed.client.post("/v1/ask", json=QUESTION, headers=bearer("mpk-" + "g" * 43))
    for private in (issued.secret, issued.key.holder, "Calder", "ggggg"):
        assert private not in caplog.text


class Store:
    """A key store that answers `key`, or raises it."""

    def __init__(self) -> None:
        self.key: Key | Exception | None = None
        self.asked = 0

    def holder(self, secret: str) -> Key | None:
        self.asked += 1
        if isinstance(self.key, Exception):
            raise self.key
        return self.key


def test_a_key_that_was_seen_outlives_a_database_that_is_away_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    store, now = Store(), [1000.0]
    found = Key(id="key-1", holder="h", label="ann", role="person", created=datetime.now(UTC))
    known = KnownKeys(store, LIMITS)  # type: ignore[arg-type]
    monkeypatch.setattr(known_keys, "monotonic", lambda: now[0])

    def find(secret: str) -> Key | None:
        return asyncio.run(known.find(secret))

    store.key = found
    assert find("secret") == find("secret") == found
    assert store.asked == 1, "a fresh key is not asked for again"
    now[0] += 5
    store.key = OSError("away")
    assert find("secret") == found
    with pytest.raises(Problem, match="could not be checked"):
        find("another")
    now[0] += LIMITS.register_seconds
    with pytest.raises(Problem, match="could not be checked"):
        find("secret")
    store.key = None
    assert find("secret") is None
