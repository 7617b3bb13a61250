"""What the embedded system consists of: the addresses, the environment and the command of every server."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from medpipe.sandbox import airflow_home
from medpipe.sandbox.server import Server, answers, free_port
from medpipe.sandbox.tiny_base import NAME as BASE
from medpipe.sandbox.world import SEED
from medpipe.settings import Settings

PRELOADED = "medpipe.cli medpipe.backends.gx.validator medpipe.backends.delta.corpus medpipe.backends.mlflow_registry"
"""Modules that the scheduler imports once for all the tasks that it forks."""


MLFLOW_VARIABLES = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
ENGINE_VARIABLES = {
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
}
"""Variables of each server, beside those of `environment`."""


class Addresses(NamedTuple):
    """Where each server listens."""

    airflow: str
    mlflow: str
    engine: str
    service: str
    nlm: str


_USUAL_PORTS = {"airflow": 8080, "mlflow": 5000, "engine": 8000, "service": 8100, "nlm": 8200}


def choose_addresses(say: Callable[[str], None]) -> Addresses:
    """Return the usual ports, or the next free ones; `say` is called when a usual port is taken."""
    ports: dict[str, int] = {}
    for name, usual in _USUAL_PORTS.items():
        ports[name] = free_port(usual, set(ports.values()))
        if ports[name] != usual:
            say(f"port {usual} is taken: {name} listens on {ports[name]}")
    return Addresses(**{name: f"http://127.0.0.1:{port}" for name, port in ports.items()})


def environment(addresses: Addresses, var: Path, root: Path, seed: int = SEED) -> dict[str, str]:
    """Return the environment of every process. The caller's own MEDPIPE_* and AIRFLOW* variables are left out.

    `var` is the state folder, `root` the repository, and `seed` that of the world and of the trainings on it.
    """
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("MEDPIPE_", "AIRFLOW"))}
    ours = {
        "MEDPIPE_HOME": var / "medpipe",
        "MEDPIPE_MODELS": models(root),
        "MEDPIPE_POLICIES": policies(var),
        **({} if seed == SEED else {"MEDPIPE_RECIPES": recipes(var, seed)}),
        "MEDPIPE_MLFLOW_URL": addresses.mlflow,
        "MEDPIPE_ENGINE_URL": addresses.engine,
        "MEDPIPE_MEDLINEPLUS_URL": addresses.nlm,
        "MEDPIPE_MEDLINEPLUS_SEARCH_URL": f"{addresses.nlm}/ws/query",
        "MEDPIPE_GENETICS_URL": f"{addresses.nlm}/download/ghr-summaries.xml",
        "MEDPIPE_PUBMED_URL": f"{addresses.nlm}/pubmed",
        "MEDPIPE_EUTILS_URL": f"{addresses.nlm}/entrez/eutils",
        "MEDPIPE_NCBI_EMAIL": "sandbox@example.org",
        "MEDPIPE_CALENDAR": "off",
        "MEDPIPE_ANONYMOUS": "true",
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


def policies(var: Path) -> Path:
    """Return the sandbox's folder of policies, written anew: as shipped, but feedback teaches at once.

    The demo's users have had their keys for seconds only, and the demo does not wait a day.
    """
    folder = var / "policies"
    folder.mkdir(parents=True, exist_ok=True)
    for shipped in Settings.model_fields["policies"].default.glob("*.yaml"):
        text = shipped.read_text(encoding="utf-8")
        if shipped.name == "feedback.yaml":
            text = re.sub(r"^(min_key_days|min_feedback_hours): .*$", r"\1: 0", text, flags=re.MULTILINE)
        (folder / shipped.name).write_text(text, encoding="utf-8")
    return folder


def recipes(var: Path, seed: int) -> Path:
    """Return a folder of the recipes, written anew: as shipped, but for the seed of their trainings."""
    folder = var / "recipes"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(Settings.model_fields["recipes"].default, folder)
    for recipe in folder.glob("*.yaml"):
        text = recipe.read_text(encoding="utf-8")
        recipe.write_text(re.sub(r"^seed: .*$", f"seed: {seed}", text, flags=re.MULTILINE), encoding="utf-8")
    return folder


def engine_python(root: Path) -> str:
    """Return the interpreter of the engine's environment."""
    return Settings().engine_python or str(root / ".venv-engine" / "bin" / "python")


def models(root: Path) -> Path:
    """Return where the tiny base is kept between runs."""
    return root / "var" / "cache" / "models"


def port_of(address: str) -> int:
    """Return the port of `http://host:port`."""
    return int(address.rsplit(":", 1)[1])


def servers(
    addresses: Addresses, variables: dict[str, str], var: Path, root: Path, seed: int = SEED
) -> dict[str, Server]:
    """Return every server by name, none of them started. `variables`: the result of `environment`."""
    factory = _Factory(addresses, variables, var, root, seed)
    chosen = [
        factory.nlm(),
        factory.mlflow(),
        factory.engine(),
        factory.service(),
        factory.airflow("api-server", ready=_answers(f"{addresses.airflow}/api/v2/monitor/health")),
        factory.airflow("scheduler", "--skip-serve-logs", preload=PRELOADED),
        factory.airflow("dag-processor"),
        factory.airflow("triggerer", "--skip-serve-logs"),
    ]
    return {server.name: server for server in chosen}


def mlflow_command(port: int, state: Path) -> list[str]:
    """Return the command that runs MLflow's server on a port of this machine, with its state in a folder."""
    return [
        *_module("mlflow"),
        "server",
        *_options(
            host="127.0.0.1",
            port=port,
            workers=1,
            backend_store_uri=f"sqlite:///{state / 'mlflow.db'}",
            artifacts_destination=state / "artifacts",
        ),
    ]


def engine_command(python: str, model: Path, port: int, longest: int = 512) -> list[str]:
    """Return the command that serves a small model, called `base`, by vLLM on a port of this machine.

    `python`: the interpreter of the engine's environment. `longest`: tokens of a prompt and its answer together.
    Without graph compilation, vLLM starts in 30 s instead of 60 to 80. The model runs in the engine's own process: on a
    CPU, vLLM would start another one, and wait for it on a core that the model needs.
    """
    return [
        python,
        *("-m", "vllm.entrypoints.openai.api_server", "--enforce-eager", "--enable-lora"),
        *_options(
            model=model,
            host="127.0.0.1",
            port=port,
            served_model_name="base",
            dtype="float32",
            max_model_len=longest,
            block_size=32,
            max_loras=4,
            max_cpu_loras=8,
            max_lora_rank=16,
            shutdown_timeout=5,
            distributed_executor_backend="vllm.v1.executor.uniproc_executor.UniProcExecutor",
        ),
    ]


def _answers(url: str) -> Callable[[], bool]:
    return lambda: answers(url)


def _always() -> bool:
    return True


@dataclass(frozen=True)
class _Factory:
    """Makes each server with its command line."""

    addresses: Addresses
    variables: dict[str, str]
    var: Path
    root: Path
    seed: int

    def nlm(self) -> Server:
        port = port_of(self.addresses.nlm)
        command = _module("medpipe.sandbox.nlm", port=port, seed=self.seed, calendar=self._calendar())
        return self._server("nlm", command, _answers(f"{self.addresses.nlm}/healthz"))

    def mlflow(self) -> Server:
        state = self.var / "mlflow"
        state.mkdir(parents=True, exist_ok=True)
        command = mlflow_command(port_of(self.addresses.mlflow), state)
        return self._server("mlflow", command, _answers(f"{self.addresses.mlflow}/health"), **MLFLOW_VARIABLES)

    def engine(self) -> Server:
        """vLLM in its own environment."""
        command = engine_command(engine_python(self.root), models(self.root) / BASE, port_of(self.addresses.engine))
        return self._server("engine", command, _answers(f"{self.addresses.engine}/health"), **ENGINE_VARIABLES)

    def service(self) -> Server:
        command = _module("serving", port=port_of(self.addresses.service))
        return self._server("service", command, _answers(f"{self.addresses.service}/healthz"))

    def airflow(
        self, component: str, *arguments: str, ready: Callable[[], bool] = _always, preload: str = ""
    ) -> Server:
        """One component of Airflow; `preload` names modules to import at its start."""
        command = [*_module("airflow"), component, *arguments]
        return self._server(f"airflow-{component}", command, ready, **{airflow_home.PRELOAD: preload})

    def _calendar(self) -> Path:
        return self.var / "nlm" / "calendar.json"

    def _server(self, name: str, command: list[str], ready: Callable[[], bool], **extra: str) -> Server:
        return Server(
            name,
            command,
            self.variables | extra,
            self.var / "logs" / f"{name}.log",
            mark=f"{self.var}#{name}",
            ready=ready,
            patience=180,
            folder=self.root,
        )


def _module(name: str, **options: object) -> list[str]:
    """Return the command that runs a module of this environment."""
    return [sys.executable, "-m", name, *_options(**options)]


def _options(**values: object) -> list[str]:
    """Return options as words of a command line: `max_loras=4` becomes `--max-loras 4`."""
    return [word for name, value in values.items() for word in (f"--{name.replace('_', '-')}", str(value))]
