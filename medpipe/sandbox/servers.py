"""What the embedded system consists of: the addresses, the environment and the command of every server."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from medpipe.sandbox import airflow_home
from medpipe.sandbox.server import Server, answers, free_port
from medpipe.settings import Settings

BASE = "medpipe-sandbox/tiny-llama"
"""Folder of the base model under MEDPIPE_MODELS, as the tiny recipes name it."""

PRELOADED = "medpipe.cli medpipe.backends.gx_validator medpipe.backends.delta.corpus medpipe.backends.mlflow_registry"


class Addresses(NamedTuple):
    """Where each server listens."""

    airflow: str
    mlflow: str
    engine: str
    service: str
    nlm: str


_WANTED = Addresses(airflow="8080", mlflow="5000", engine="8000", service="8100", nlm="8200")


def choose_addresses(say: Callable[[str], None]) -> Addresses:
    """The usual ports, or the next free ones; says so when a usual one is taken."""
    taken: set[int] = set()
    chosen = []
    for name, wanted in _WANTED._asdict().items():
        port = free_port(int(wanted), taken)
        if port != int(wanted):
            say(f"port {wanted} is taken: {name} listens on {port}")
        chosen.append(f"http://127.0.0.1:{port}")
    return Addresses(*chosen)


def environment(addresses: Addresses, var: Path, root: Path) -> dict[str, str]:
    """What every process of the embedded system sees; the caller's own MEDPIPE_* and AIRFLOW__* are left out."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("MEDPIPE_", "AIRFLOW"))}
    ours = {
        "MEDPIPE_HOME": var / "medpipe",
        "MEDPIPE_MODELS": models(root),
        "MEDPIPE_MLFLOW_URL": addresses.mlflow,
        "MEDPIPE_ENGINE_URL": addresses.engine,
        "MEDPIPE_MEDLINEPLUS_URL": addresses.nlm,
        "MEDPIPE_MEDLINEPLUS_SEARCH_URL": f"{addresses.nlm}/ws/query",
        "MEDPIPE_GENETICS_URL": f"{addresses.nlm}/download/ghr-summaries.xml",
        "MEDPIPE_PUBMED_URL": f"{addresses.nlm}/pubmed",
        "MEDPIPE_EUTILS_URL": f"{addresses.nlm}/entrez/eutils",
        "MEDPIPE_NCBI_EMAIL": "sandbox@example.org",
        "MEDPIPE_CALENDAR": "off",
        "MEDPIPE_PYTHON": sys.executable,
        "MEDPIPE_ENGINE_PYTHON": engine_python(root),
        "PYTHONPATH": root,
        "PYTHONUNBUFFERED": "1",
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_NUM_THREADS": "1",
    }
    airflow = airflow_home.environment(var / "airflow", root, port_of(addresses.airflow))
    return inherited | {key: str(value) for key, value in ours.items()} | airflow


def engine_python(root: Path) -> str:
    """The interpreter of the engine's environment."""
    return Settings().engine_python or str(root / ".venv-engine" / "bin" / "python")


def models(root: Path) -> Path:
    """Where the tiny base is kept between runs."""
    return root / "var" / "cache" / "models"


def port_of(address: str) -> int:
    return int(address.rsplit(":", 1)[1])


def servers(addresses: Addresses, variables: dict[str, str], var: Path, root: Path) -> dict[str, Server]:
    """Every server, not started, in no particular order."""

    def server(name: str, command: list[str], ready: Callable[[], bool] = lambda: True, **extra: str) -> Server:
        return Server(
            name,
            command,
            variables | extra,
            var / "logs" / f"{name}.log",
            mark=f"{var}#{name}",
            ready=ready,
            patience=180,
            folder=root,
        )

    def airflow(component: str, *arguments: str, ready: Callable[[], bool] = lambda: True, preload: str = "") -> Server:
        made = server(f"airflow-{component}", [sys.executable, "-m", "airflow", component, *arguments], ready)
        made.environment = {**made.environment, airflow_home.PRELOAD: preload}
        return made

    every = [
        server("nlm", _nlm(addresses, var), lambda: answers(f"{addresses.nlm}/healthz")),
        server(
            "mlflow",
            _mlflow(addresses, var),
            lambda: answers(f"{addresses.mlflow}/health"),
            MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false",
        ),
        server(
            "engine",
            _engine(addresses, var, root),
            lambda: answers(f"{addresses.engine}/health"),
            VLLM_CPU_KVCACHE_SPACE="1",
            VLLM_ALLOW_RUNTIME_LORA_UPDATING="1",
            VLLM_NO_USAGE_STATS="1",
            VLLM_CPU_OMP_THREADS_BIND="nobind",
        ),
        server(
            "service",
            [sys.executable, "-m", "serving", "--port", str(port_of(addresses.service))],
            lambda: answers(f"{addresses.service}/healthz"),
        ),
        airflow("api-server", ready=lambda: answers(f"{addresses.airflow}/api/v2/monitor/health")),
        airflow("scheduler", "--skip-serve-logs", preload=PRELOADED),
        airflow("dag-processor"),
        airflow("triggerer", "--skip-serve-logs"),
    ]
    return {each.name: each for each in every}


def _nlm(addresses: Addresses, var: Path) -> list[str]:
    return [
        sys.executable,
        "-m",
        "medpipe.sandbox.nlm",
        "--port",
        str(port_of(addresses.nlm)),
        "--calendar",
        str(var / "nlm" / "calendar.json"),
    ]


def _mlflow(addresses: Addresses, var: Path) -> list[str]:
    state = var / "mlflow"
    state.mkdir(parents=True, exist_ok=True)
    return [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        "--host",
        "127.0.0.1",
        "--port",
        str(port_of(addresses.mlflow)),
        "--workers",
        "1",
        "--backend-store-uri",
        f"sqlite:///{state / 'mlflow.db'}",
        "--artifacts-destination",
        str(state / "artifacts"),
    ]


def _engine(addresses: Addresses, var: Path, root: Path) -> list[str]:
    """vLLM in its own environment, with the flags that were tried (no graph compilation: it starts in 30 s)."""
    return [
        engine_python(root),
        "-m",
        "vllm.entrypoints.openai.api_server",
        "--model",
        str(models(root) / BASE),
        "--host",
        "127.0.0.1",
        "--port",
        str(port_of(addresses.engine)),
        "--served-model-name",
        "base",
        "--dtype",
        "float32",
        "--max-model-len",
        "512",
        "--enforce-eager",
        "--block-size",
        "32",
        "--enable-lora",
        "--max-loras",
        "4",
        "--max-cpu-loras",
        "8",
        "--max-lora-rank",
        "16",
        "--shutdown-timeout",
        "5",
    ]
