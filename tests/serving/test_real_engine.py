"""The gateway in front of a real vLLM: adapters are swapped while twelve streams run."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from tokenizers import Tokenizer

from medpipe.core.contract import Ending
from medpipe.core.judging.evaluation import Sample
from medpipe.settings import Settings
from medpipe.steps.deployment import deploy
from medpipe.wiring import Wiring
from serving.engine import EngineClient
from serving.limits import LIMITS
from tests import real_engine
from tests.contracts import ON_TINY
from tests.places import ROOT
from tests.processes import LOCAL, free_port, serving
from tests.waiting import until

pytestmark = pytest.mark.slow
STREAMS = 12


class System(NamedTuple):
    """The address of a gateway process, the ports that deploy to it, and two adapters."""

    url: str
    ports: Wiring
    adapters: tuple[Path, Path]


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    home = tmp_path_factory.mktemp("served")
    with real_engine.running(home) as engine:
        port = free_port()
        url = f"http://{LOCAL}:{port}"
        command = [sys.executable, "-m", "serving", "--port", str(port)]
        variables = {
            "PYTHONPATH": str(ROOT),
            "MEDPIPE_HOME": str(home),
            "MEDPIPE_ENGINE_URL": engine.url,
            "MEDPIPE_ANONYMOUS": "1",
        }
        with serving(command, f"{url}/healthz", home / "gateway.log", variables) as gateway:
            yield System(url, Wiring(Settings(home=home, engine_url=engine.url)), engine.adapters)
        assert gateway.process is not None and gateway.process.returncode in (0, -15)


def _stream(client: httpx.Client, url: str) -> str:
    """Return the adapter of a streamed answer; fail on anything but a whole stream."""
    body = {"model": "medqa", "stream": True, "messages": [{"role": "user", "content": "What causes Velorin fever?"}]}
    with client.stream("POST", f"{url}/v1/chat/completions", json=body) as answer:
        assert answer.status_code == 200, answer.read()
        lines = [line.removeprefix("data: ") for line in answer.iter_lines() if line]
    assert lines[-1] == "[DONE]"
    assert "error" not in json.loads(lines[-2])
    adapter: str = json.loads(lines[-2])["medpipe"]["adapter"]
    return adapter


def test_no_stream_fails_while_the_adapter_is_swapped_back_and_forth(system: System) -> None:
    smoke = [Sample(id="1", question="What causes Velorin fever?", target="")]
    deploy("version/v1", system.adapters[0], "swap-v1", ON_TINY, smoke, system.ports)
    until(lambda: httpx.get(f"{system.url}/readyz", timeout=30).status_code == 200, 30)
    stop, answered, failures, seconds = threading.Event(), list[str](), list[str](), list[float]()

    def keep_streaming() -> None:
        with httpx.Client(timeout=60) as client:
            while not stop.is_set():
                try:
                    answered.append(_stream(client, system.url))
                except Exception as error:
                    failures.append(repr(error))

    with ThreadPoolExecutor(STREAMS) as pool:
        for _ in range(STREAMS):
            pool.submit(keep_streaming)
        for number in range(2, 6):
            time.sleep(1)
            begun = time.monotonic()
            name = f"swap-v{number}"
            deploy(f"version/v{number}", system.adapters[number % 2], name, ON_TINY, smoke, system.ports)
            seconds.append(time.monotonic() - begun)
            assert system.ports.engine.loaded() == {name}
        time.sleep(1)
        stop.set()

    print(f"{len(answered)} streams, {len(failures)} failures, swaps in {[round(value, 2) for value in seconds]} s")
    assert failures == []
    assert len(answered) >= 5 * STREAMS
    assert set(answered) == {f"swap-v{number}" for number in range(1, 6)}


def test_the_gateway_serves_what_the_engine_answers_for_that_adapter(system: System) -> None:
    smoke = [Sample(id="1", question="What causes Velorin fever?", target="")]
    deploy("version/v9", system.adapters[0], "same-v9", ON_TINY, smoke, system.ports)
    until(lambda: httpx.get(f"{system.url}/readyz", timeout=30).json()["adapter"] == "same-v9", 30)

    served = httpx.post(f"{system.url}/v1/ask", json={"question": "What causes Velorin fever?"}, timeout=30).json()
    (direct,) = system.ports.engine.ask("same-v9", ["Question: What causes Velorin fever?\nAnswer:"], Ending(48))

    assert not served["refused"]
    assert served["answer"] == direct.strip()


def _ask(url: str, **fields: Any) -> tuple[str, str, dict[str, int]]:
    """Return the text, the reason why it ended, and the counted tokens of an answer, streamed or not."""
    body = {"model": "medqa", "messages": [{"role": "user", "content": "What causes Velorin fever?"}], **fields}
    answer = httpx.post(f"{url}/v1/chat/completions", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    if not fields.get("stream"):
        whole = answer.json()
        return whole["choices"][0]["message"]["content"], whole["choices"][0]["finish_reason"], whole["usage"]
    *pieces, counted, _ = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]
    chunks = [json.loads(piece) for piece in pieces]
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    return text.strip(), chunks[-1]["choices"][0]["finish_reason"], json.loads(counted)["usage"]


def test_a_stream_counts_the_tokens_and_ends_for_the_reason_of_the_whole_answer(system: System) -> None:
    smoke = [Sample(id="1", question="What causes Velorin fever?", target="")]
    deploy("version/v10", system.adapters[1], "counted-v10", ON_TINY, smoke, system.ports)
    until(lambda: httpx.get(f"{system.url}/readyz", timeout=30).json()["adapter"] == "counted-v10", 30)
    counting = {"stream": True, "stream_options": {"include_usage": True}}

    whole = _ask(system.url)
    assert _ask(system.url, **counting) == whole
    assert whole[2]["completion_tokens"] > 3 and whole[2]["prompt_tokens"] > 0
    for fields in ({"max_tokens": 3}, {"stop": [whole[0][2:4], "no such text"]}):
        short = _ask(system.url, **fields)
        assert _ask(system.url, **fields, **counting) == short
        assert whole[0].startswith(short[0]) and short[0] != whole[0]
        assert short[1] == ("length" if "max_tokens" in fields else "stop")


def test_the_engine_counts_the_tokens_of_a_prompt_as_the_bases_tokenizer_does(system: System) -> None:
    url = system.ports.settings.engine_url
    assert url
    text = "Question: What causes Velorin fever?\nAnswer: Ünd?"

    async def counted() -> int:
        engine = EngineClient(url, None, LIMITS)
        try:
            return await engine.tokens(next(iter(system.ports.engine.loaded())), text)
        finally:
            await engine.close()

    tokenizer = Tokenizer.from_file(str(system.adapters[0].parent / "tiny" / "tokenizer.json"))
    assert asyncio.run(counted()) == len(tokenizer.encode(text, add_special_tokens=False).ids)
