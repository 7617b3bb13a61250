"""The environment of every process of the run, the engine with the real base, and the service in front of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from medpipe.sandbox import smollm2
from medpipe.sandbox.server import Server, answers, free_port
from medpipe.sandbox.servers import ENGINE_VARIABLES, engine_command, engine_python, port_of

ROOT = Path(__file__).resolve().parents[3]
THREADS = min(4, os.cpu_count() or 1)
"""Threads of a training, and of the engine: only one of them works at a time."""
LONGEST = 1024
"""Tokens of a prompt and its answer together: a passage of 1,200 characters, a question, and 200 of answer."""
ENGINE, SERVICE = "MEDPIPE_ENGINE_URL", "http://127.0.0.1:{}"
_SLOW_START = 300.0


def environment(var: Path, models: Path, curated: Path, medlineplus: Path | None) -> dict[str, str]:
    """Return the environment of every process. The caller's own MEDPIPE_* variables are left out.

    `curated`: the sets, a folder each. `medlineplus`: the folder of its topic files; None: none are read.
    """
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("MEDPIPE_")}
    ours: dict[str, object] = {
        "MEDPIPE_HOME": var / "medpipe",
        "MEDPIPE_MODELS": models,
        "MEDPIPE_BENCHMARKS": var / "benchmarks",
        "MEDPIPE_CURATED": curated,
        "MEDPIPE_THREADS": THREADS,
        "MEDPIPE_CALENDAR": "off",
        "MEDPIPE_ANONYMOUS": "true",
        ENGINE: SERVICE.format(free_port(8000, set())),
        "PYTHONPATH": ROOT,
        "PYTHONUNBUFFERED": "1",
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_NUM_THREADS": THREADS,
        "OMP_WAIT_POLICY": "passive",  # threads that wait spinning slow one another down beside other work
    }
    if medlineplus is not None:
        ours["MEDPIPE_MEDLINEPLUS_URL"] = medlineplus
    return inherited | {key: str(value) for key, value in ours.items()}


def engine(variables: Mapping[str, str], var: Path) -> Server:
    """Return vLLM on the real base, not started; its address is in `variables`."""
    address, model = variables[ENGINE], Path(variables["MEDPIPE_MODELS"]) / smollm2.NAME
    command = engine_command(engine_python(ROOT), model, port_of(address), LONGEST)
    return _server("engine", command, {**variables, **ENGINE_VARIABLES}, var, address + "/health")


def service(variables: Mapping[str, str], var: Path) -> tuple[Server, str]:
    """Return the gateway, not started, and its address."""
    port = free_port(8100, {port_of(variables[ENGINE])})
    command = [sys.executable, "-m", "serving", "--port", str(port)]
    address = SERVICE.format(port)
    return _server("service", command, variables, var, address + "/healthz"), address


def _server(name: str, command: list[str], variables: Mapping[str, str], var: Path, health: str) -> Server:
    return Server(
        name,
        command,
        variables,
        var / "logs" / f"{name}.log",
        mark=f"{var}#{name}",
        ready=lambda: answers(health),
        patience=_SLOW_START,
        folder=ROOT,
    )
