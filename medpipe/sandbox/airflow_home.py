"""Airflow's configuration for the embedded system: environment variables, a migrated SQLite file, one login."""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

LOGIN = ("admin", "admin")
"""User and password of the embedded system, which listens on 127.0.0.1 only."""

PRELOAD = "SANDBOX_PRELOAD"
"""Variable with modules to import at the start. Set for the scheduler: LocalExecutor forks its tasks from it, so
they find these modules loaded."""

LOCAL_SETTINGS = f'''"""Imported by every Airflow component when it starts."""

import importlib
import logging
import os

logging.getLogger("great_expectations._docs_decorators").setLevel(logging.WARNING)
for _name in os.environ.pop("{PRELOAD}", "").split():
    importlib.import_module(_name)
'''


def environment(home: Path, root: Path, port: int, parallelism: int = 3) -> dict[str, str]:
    """Return the AIRFLOW__* variables of every component, with short intervals: a person watches this system.

    `home` keeps Airflow's state, `root` is the repository with `dags/` and `plugins/`, `port` is that of the
    API server, and `parallelism` is how many tasks may run at the same time.
    """
    options = {**_core(home, root, port, parallelism), **_intervals(), **_logging(home), **_api(home, port)}
    variables = {f"AIRFLOW__{name}": str(value) for name, value in options.items()}
    # Without SPT_NOENV, the process titles that Airflow sets overwrite the environment that psutil reads.
    return {"AIRFLOW_HOME": str(home), "SPT_NOENV": "1", **variables}


def _core(home: Path, root: Path, port: int, parallelism: int) -> dict[str, object]:
    return {
        "CORE__DAGS_FOLDER": root / "dags",
        "CORE__PLUGINS_FOLDER": root / "plugins",
        "CORE__LOAD_EXAMPLES": False,
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__PARALLELISM": parallelism,
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": False,
        "CORE__FERNET_KEY": _keys(home)["fernet"],
        "CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": 5,
        "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{LOGIN[0]}:admin",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": home / "passwords.json",
        "CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "USAGE_DATA_COLLECTION__ENABLED": False,
    }


def _api(home: Path, port: int) -> dict[str, object]:
    keys = _keys(home)
    return {
        "API__BASE_URL": f"http://127.0.0.1:{port}",
        "API__PORT": port,
        "API__HOST": "127.0.0.1",
        "API__WORKERS": 1,
        "API__SECRET_KEY": keys["api"],
        "API_AUTH__JWT_SECRET": keys["jwt"],
        "API__EXPOSE_CONFIG": False,
        "API__INSTANCE_NAME": "medpipe",
    }


def _intervals() -> dict[str, object]:
    """Return the intervals in seconds, shorter than Airflow's defaults."""
    return {
        "SCHEDULER__SCHEDULER_HEARTBEAT_SEC": 1,
        "SCHEDULER__JOB_HEARTBEAT_SEC": 2,
        "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": 0.5,
        # A killed scheduler is noticed after 10 s; the tasks that it ran are then started again.
        "SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": 10,
        "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": 10,
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": 60,
        "DAG_PROCESSOR__REFRESH_INTERVAL": 30,
        "DAG_PROCESSOR__PARSING_PROCESSES": 1,
        "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": 60,
        "DAG_PROCESSOR__PRINT_STATS_INTERVAL": 300,
    }


def _logging(home: Path) -> dict[str, object]:
    return {"LOGGING__BASE_LOG_FOLDER": home / "logs", "LOGGING__COLORED_CONSOLE_LOG": False}


def prepare(home: Path, variables: Mapping[str, str], log: Path) -> None:
    """Create or migrate the database, and write the passwords file and the settings module.

    `variables` is the environment, `log` the file for Airflow's output. Raises CalledProcessError.
    """
    home.mkdir(parents=True, exist_ok=True)
    (home / "config").mkdir(exist_ok=True)
    (home / "config" / "airflow_local_settings.py").write_text(LOCAL_SETTINGS)
    passwords = home / "passwords.json"
    passwords.write_text(json.dumps(dict([LOGIN])))
    passwords.chmod(0o600)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        subprocess.run(
            [sys.executable, "-m", "airflow", "db", "migrate"],
            env=dict(variables),
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def _keys(home: Path) -> dict[str, str]:
    """Return random keys, made once for each state folder and readable by its owner only."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / "keys.json"
    if not path.exists():
        keys = {
            "fernet": base64.urlsafe_b64encode(os.urandom(32)).decode(),
            "jwt": secrets.token_urlsafe(64),
            "api": secrets.token_urlsafe(32),
        }
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(keys, file)
    loaded: dict[str, str] = json.loads(path.read_text())
    return loaded
