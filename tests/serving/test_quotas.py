"""Limits of each key: requests and tokens a minute, in memory and in a real Redis."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from httpx import Response

from medpipe.core.teaching.identities import Grant
from medpipe.errors import ConfigError
from medpipe.sandbox.server import Server
from medpipe.settings import Settings
from serving.metrics import Metrics
from serving.problems import Problem
from serving.quotas import Quota, Quotas
from tests.processes import LOCAL, free_port
from tests.serving.conftest import Gateway

REFUSED = re.compile(r'"refused": ?true')
CHAT = {"model": "medqa", "messages": [{"role": "user", "content": "What causes Velorin fever?"}]}


@contextmanager
def redis(folder: Path) -> Iterator[tuple[str, Server]]:
    """Run a Redis server; give its address."""
    import socket

    port = free_port()

    def ready() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((LOCAL, port)) == 0

    command = ["redis-server", "--bind", LOCAL, "--port", str(port), "--save", "", "--dir", str(folder)]
    server = Server("redis", command, {}, folder / "redis.log", mark=f"{folder}#redis", ready=ready)
    server.start()
    try:
        server.wait_ready()
        yield f"redis://{LOCAL}:{port}/0", server
    finally:
        server.stop()


@pytest.fixture(params=["memory", "redis"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "memory":
        yield ""
        return
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not here")
    with redis(tmp_path) as (url, _):
        yield url


def test_requests_and_tokens_are_counted_for_each_caller_and_refused_beyond_the_limit(address: str) -> None:
    quotas, quota = Quotas(address, Metrics()), Quota(requests=2, tokens=100)

    async def counted() -> None:
        first = await quotas.admit("key-1", quota)
        assert first["x-ratelimit-limit-requests"] == "2" and first["x-ratelimit-remaining-requests"] == "1"
        assert first["x-ratelimit-reset-requests"] in ("1m0s", "59s", "58s")
        await quotas.spend("key-1", quota, 30)
        second = await quotas.admit("key-1", quota)
        assert (second["x-ratelimit-remaining-requests"], second["x-ratelimit-remaining-tokens"]) == ("0", "70")
        with pytest.raises(Problem, match="has used its 2 requests a minute") as refused:
            await quotas.admit("key-1", quota)
        assert refused.value.status == 429 and 50 <= int(refused.value.headers["Retry-After"]) <= 60
        assert (await quotas.admit("key-2", quota))["x-ratelimit-remaining-requests"] == "1", "another caller"
        await quotas.spend("key-2", quota, 150)
        with pytest.raises(Problem, match="100 tokens a minute") as refused:
            await quotas.admit("key-2", quota)
        assert refused.value.headers["x-ratelimit-remaining-tokens"] == "0"
        for _ in range(5):
            assert await quotas.admit("key-3", Quota(0, 0)) == {}, "no limit"

    asyncio.run(counted())


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not here")
def test_two_gateways_count_together_in_redis_and_alone_while_it_is_away(tmp_path: Path) -> None:
    quota = Quota(requests=3, tokens=0)

    async def counted(url: str, server: Server) -> None:
        metrics = Metrics()
        one, other = Quotas(url, metrics), Quotas(url, Metrics())
        for gateway in (one, other, one):
            await gateway.admit("key-1", quota)
        with pytest.raises(Problem):
            await other.admit("key-1", quota)
        server.stop()
        assert (await one.admit("key-1", quota))["x-ratelimit-remaining-requests"] == "2"
        assert b"medpipe_limits_counted_alone_total 1.0" in metrics.text()

    with redis(tmp_path) as (url, server):
        asyncio.run(counted(url, server))


def test_a_key_over_its_limit_gets_429_with_the_headers_that_clients_know(gateway: Gateway) -> None:
    gateway.route_to("a")
    issued = gateway.state.keys.issue("ann", "person", Grant(requests_per_minute=2, tokens_per_minute=0))
    headers = {"Authorization": f"Bearer {issued.secret}"}
    answers = [gateway.client.post("/v1/chat/completions", json=CHAT, headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["x-ratelimit-remaining-requests"] for answer in answers] == ["1", "0", "0"]
    error = answers[-1].json()["error"]
    assert (error["type"], error["code"]) == ("rate_limit_error", "rate_limit_exceeded")
    assert "call your local emergency number" in error["message"] and int(answers[-1].headers["Retry-After"]) > 0
    assert 'medpipe_limited_total{limit="requests"} 1.0' in gateway.client.get("/metrics").text
    assert "x-ratelimit-limit-requests" not in gateway.client.post("/v1/chat/completions", json=CHAT).headers


@pytest.mark.parametrize("stream", [False, True])
def test_the_tokens_of_whole_and_of_streamed_answers_are_counted(gateway: Gateway, stream: bool) -> None:
    gateway.route_to("a")
    issued = gateway.state.keys.issue("ann", "person", Grant(tokens_per_minute=1000))
    headers = {"Authorization": f"Bearer {issued.secret}"}
    for _ in range(2):
        answer = gateway.client.post("/v1/chat/completions", json=CHAT | {"stream": stream}, headers=headers)
    spent = 1000 - int(answer.headers["x-ratelimit-remaining-tokens"])
    words = " This was answered by a. It is a second sentence.".split()
    assert spent == 7 + len(words), "the fake engine counts 7 for a prompt, and 1 for a word"


@pytest.mark.parametrize("broken_after", [None, 7])
def test_a_stream_that_ends_early_costs_what_was_sent_and_one_that_never_began_nothing(
    gateway: Gateway, broken_after: int | None
) -> None:
    gateway.route_to("a")
    gateway.engine.break_after = broken_after
    gateway.engine.drop_next = 0 if broken_after else 1000
    issued = gateway.state.keys.issue("ann", "person", Grant(tokens_per_minute=1000))
    headers = {"Authorization": f"Bearer {issued.secret}"}
    for _ in range(2):
        answer = gateway.client.post("/v1/chat/completions", json=CHAT | {"stream": True}, headers=headers)
    spent = 1000 - int(answer.headers["x-ratelimit-remaining-tokens"])
    assert spent == (7 + 6 if broken_after else 0)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("grant", [Grant(requests_per_minute=1), Grant(tokens_per_minute=1)])
def test_somebody_in_danger_is_pointed_to_help_over_a_limit_too(gateway: Gateway, stream: bool, grant: Grant) -> None:
    gateway.route_to("a")
    headers = {"Authorization": f"Bearer {gateway.state.keys.issue('ann', 'person', grant).secret}"}

    def answer(question: str) -> Response:
        body = {"model": "medqa", "stream": stream, "messages": [{"role": "user", "content": question}]}
        return gateway.client.post("/v1/chat/completions", json=body, headers=headers)

    assert answer("What causes gout?").status_code == 200
    assert answer("What causes gout?").status_code == 429
    emergency = answer("I want to kill myself.")
    assert emergency.status_code == 200 and REFUSED.search(emergency.text)
    assert "x-ratelimit-remaining-requests" in emergency.headers or "x-ratelimit-remaining-tokens" in emergency.headers
    assert "Retry-After" not in emergency.headers
    assert gateway.client.get("/v1/models", headers=headers).status_code == 429


def test_whoever_stops_serving_is_not_limited(gateway: Gateway) -> None:
    issued = gateway.state.keys.issue("ops", "person", Grant(scopes=("admin",), requests_per_minute=1))
    headers = {"Authorization": f"Bearer {issued.secret}"}
    for path in ("stop", "stop", "resume"):
        body = {"reason": "wrong doses", "by": "Dr. A"}
        assert gateway.client.post(f"/v1/admin/{path}", json=body, headers=headers).status_code == 200


def test_an_address_that_is_not_redis_is_refused_without_its_password() -> None:
    with pytest.raises(ConfigError, match=r"MEDPIPE_LIMITS_URL.*redis://host") as refused:
        Settings(limits_url="memcached://:hidden@host")  # type: ignore[arg-type]
    assert "hidden" not in str(refused.value)
