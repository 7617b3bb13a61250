"""The gateway in front of a real vLLM: adapters are swapped while twelve streams run."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from medpipe.core.contract import Ending
from medpipe.core.judging.evaluation import Sample
from medpipe.settings import Settings
from medpipe.steps.deployment import deploy
from medpipe.wiring import Wiring
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
