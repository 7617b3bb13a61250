"""Airflow's configuration for the embedded system: one environment, a migrated SQLite, one login."""

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
"""The embedded system's only user; it listens on 127.0.0.1 only."""

PRELOAD = "SANDBOX_PRELOAD"
"""Set for the scheduler only: LocalExecutor forks tasks from it, so what it has imported they need not import."""

LOCAL_SETTINGS = f'''"""Imported by every Airflow component when it starts."""

import importlib
import logging
import os

logging.getLogger("great_expectations._docs_decorators").setLevel(logging.WARNING)
for _name in os.environ.pop("{PRELOAD}", "").split():
    importlib.import_module(_name)
'''


def environment(home: Path, root: Path, port: int, parallelism: int = 3) -> dict[str, str]:
    """AIRFLOW__* variables for every component, with short waits: the embedded system is watched by a person.

    `home` keeps Airflow's state, `root` is the repository with `dags/` and `plugins/`.
    """
    address = f"http://127.0.0.1:{port}"
    keys = _keys(home)
    options = {
        "CORE__DAGS_FOLDER": root / "dags",
        "CORE__PLUGINS_FOLDER": root / "plugins",
        "CORE__LOAD_EXAMPLES": False,
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__PARALLELISM": parallelism,
        "CORE__MAX_MAP_LENGTH": 4096,  # a load of PubMed's baseline is one mapped task a file
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": False,
        "CORE__FERNET_KEY": keys["fernet"],
        "CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": 5,
        "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{LOGIN[0]}:admin",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": home / "passwords.json",
        "CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "API__BASE_URL": address,
        "API__PORT": port,
        "API__HOST": "127.0.0.1",
        "API__WORKERS": 1,
        "API__SECRET_KEY": keys["api"],
        "API_AUTH__JWT_SECRET": keys["jwt"],
        "API__EXPOSE_CONFIG": False,
        "API__INSTANCE_NAME": "medpipe",
        "SCHEDULER__SCHEDULER_HEARTBEAT_SEC": 1,
        "SCHEDULER__JOB_HEARTBEAT_SEC": 2,
        "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": 0.5,
        # A scheduler that was killed is missed after 10 s, and what it ran is started again.
        "SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": 10,
        "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": 10,
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": 60,
        "DAG_PROCESSOR__REFRESH_INTERVAL": 30,
        "DAG_PROCESSOR__PARSING_PROCESSES": 1,
        "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": 60,
        "DAG_PROCESSOR__PRINT_STATS_INTERVAL": 300,
        "LOGGING__BASE_LOG_FOLDER": home / "logs",
        "LOGGING__COLORED_CONSOLE_LOG": False,
        "USAGE_DATA_COLLECTION__ENABLED": False,
    }
    values = {f"AIRFLOW__{key}": str(value) for key, value in options.items()}
    # Without SPT_NOENV, the process titles that Airflow sets overwrite the environment that ps and we read.
    return {"AIRFLOW_HOME": str(home), "SPT_NOENV": "1", **values}


def prepare(home: Path, variables: Mapping[str, str], log: Path) -> None:
    """Create or migrate the database, write the passwords file and the preloading. Raises CalledProcessError."""
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
    """Random keys, made once for each state folder and readable by its owner only."""
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
