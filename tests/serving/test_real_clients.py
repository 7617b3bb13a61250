"""OpenAI's client, LangChain and LiteLLM call the gateway, unmodified."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request

from medpipe.gateway_state import gateway_state
from medpipe.settings import Settings
from serving import problems
from serving.problems import Problem
from tests.contracts import CONTRACT
from tests.fakes_engine import FakeEngine
from tests.places import ROOT
from tests.real_engine import PYTHON
from tests.serving.client_requests import REQUESTS
from tests.serving.conftest import Gateway
from tests.serving.over_http import over_http, running

CLIENTS = Path(os.environ.get("CLIENTS_PYTHON", ROOT / ".venv-clients" / "bin" / "python"))
"""The interpreter of an environment that has constraints/clients.txt."""
WITHOUT_CLIENTS = (
    "LangChain and LiteLLM have an environment of their own: python -m venv .venv-clients, and "
    ".venv-clients/bin/python -m pip install -r constraints/clients.txt; or CLIENTS_PYTHON names another one"
)
ANSWER = "This was answered by a. It is a second sentence."


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A gateway behind HTTP: its address, and a key."""
    with FakeEngine() as engine:
        settings = Settings(home=tmp_path_factory.mktemp("clients"), engine_url=engine.url)
        state = gateway_state(settings)
        engine.adapters["a"] = "somewhere"
        assert state.routes.switch(None, "version/a", "a", CONTRACT)
        with running(settings) as address:
            yield f"{address}/v1", state.keys.issue("a client", "person").secret


def seen(python: Path, program: str, address: str, key: str = "no key") -> Any:
    """Run a client, and return what it saw."""
    script = ROOT / "tests" / "serving" / "clients" / program
    ended = subprocess.run([python, script, address, key], capture_output=True, text=True, timeout=240)
    assert ended.returncode == 0, ended.stderr[-3000:]
    return json.loads(ended.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(not PYTHON.exists(), reason="no engine's environment, which has OpenAI's client: make env-engine")
def test_openais_client_gets_answers_streams_and_errors_as_it_expects_them(served: tuple[str, str]) -> None:
    found = seen(PYTHON, "openai_sdk.py", *served)

    assert found.pop("errors") == {
        "tools": ["BadRequestError", 400, "unsupported_parameter", "tools"],
        "model": ["NotFoundError", 404, "model_not_found", "model"],
        "no_model": ["NotFoundError", 404, "model_not_found", "model"],
        "key": ["AuthenticationError", 401, "invalid_api_key", "Authorization"],
        "embeddings": ["NotFoundError", 404, "http_error", None],
    }
    assert found == {
        "models": ["medqa", "version/a", "a"],
        "model": "medqa",
        "whole": ANSWER,
        "finish": "stop",
        "usage": 17,
        "ignored": "seed, store, temperature, user",
        "several": ANSWER,
        "streamed": ANSWER,
        "stream_usage": 17,
        "helper": ANSWER,
        "cut": "length",
        "async": [ANSWER, ANSWER],
    }


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(not CLIENTS.exists(), reason=WITHOUT_CLIENTS)
def test_langchain_and_litellm_get_answers_streams_and_errors_as_they_expect_them(served: tuple[str, str]) -> None:
    for name, found in seen(CLIENTS, "frameworks.py", *served).items():
        assert "tools" in found.pop("refused"), name
        texts = dict.fromkeys(("whole", "several", "streamed"), ANSWER)
        assert found == texts | {"usage": 17, "stream_usage": 17}, name


@pytest.mark.parametrize("client", REQUESTS)
def test_what_a_client_was_seen_to_send_is_answered(gateway: Gateway, client: str) -> None:
    gateway.route_to("a")

    answer = gateway.client.post("/v1/chat/completions", json=REQUESTS[client])

    assert answer.status_code == 200, answer.text
    assert "answered by a." in answer.text


_BUSY = """
import json, sys, openai
client = openai.OpenAI(base_url=sys.argv[1], api_key=sys.argv[2])
ask = lambda client: client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Why?"}])
try:
    ask(client.with_options(max_retries=0))
except openai.RateLimitError as error:
    first = [error.status_code, error.code, error.response.headers["Retry-After"]]
print(json.dumps([first, ask(client).choices[0].message.content]))
"""


@contextmanager
def busy() -> Iterator[str]:
    """Run an application that refuses two requests by the gateway's errors, and answers the third."""
    app, calls = FastAPI(), iter(range(100))
    problems.install(app)

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> dict[str, Any]:
        if next(calls) < 2:
            raise Problem(429, "rate_limited", "too many requests with this key", headers={"Retry-After": "1"})
        return {"choices": [{"index": 0, "message": {"role": "assistant", "content": "So."}, "finish_reason": "stop"}]}

    with over_http(app) as address:
        yield f"{address}/v1"


@pytest.mark.slow
@pytest.mark.skipif(not PYTHON.exists(), reason="no engine's environment, which has OpenAI's client: make env-engine")
def test_openais_client_knows_a_limit_and_tries_again_when_it_is_told_to() -> None:
    with busy() as url:
        ended = subprocess.run([PYTHON, "-c", _BUSY, url, "k"], capture_output=True, text=True, timeout=200)

    assert ended.returncode == 0, ended.stderr[-3000:]
    assert json.loads(ended.stdout) == [[429, "rate_limited", "1"], "So."]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(not CLIENTS.exists(), reason=WITHOUT_CLIENTS.replace("LangChain and LiteLLM", "schemathesis"))
def test_no_request_that_schemathesis_makes_up_ends_in_a_server_error(served: tuple[str, str], tmp_path: Path) -> None:
    address, key = served
    command = [CLIENTS.with_name("schemathesis"), "run", f"{address.removesuffix('/v1')}/openapi.json"]
    options = ["-c", "not_a_server_error", "-n", "15", "--phases", "coverage,fuzzing", "--generation-database", "none"]
    hooks = {"SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(ROOT / "tests" / "serving" / "clients")}

    ended = subprocess.run(
        [*command, *options, "--no-color", "--seed", "1", "-H", f"Authorization: Bearer {key}"],
        cwd=tmp_path,
        env={**os.environ, **hooks},
        capture_output=True,
        text=True,
        timeout=280,
    )

    assert ended.returncode == 0, ended.stdout[-3000:]
    generated = re.search(r"(\d+) generated, (\d+) passed", ended.stdout)
    assert generated and int(generated[1]) == int(generated[2]) > 200
