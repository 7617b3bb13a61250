"""An Airflow home of its own for each test process: SQLite, the repository's DAGs and plugins."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.places import ROOT
from tests.served import served

if TYPE_CHECKING:
    from airflow.models import DagRun


# Airflow reads its configuration when it is first imported, so this cannot wait for a fixture.
HOME = Path(tempfile.mkdtemp(prefix="medpipe-airflow-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
os.environ |= {
    "AIRFLOW_HOME": str(HOME),
    "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{HOME / 'airflow.db'}",
    "AIRFLOW__API_AUTH__JWT_SECRET": "only-for-tests-" * 5,
    "AIRFLOW__API__SECRET_KEY": "only-for-tests",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin,viewer:viewer",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(HOME / "passwords.json"),
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
}


@pytest.fixture(scope="session")
def airflow_home() -> Path:
    """A migrated database, and the pool that the ML steps run in."""
    (HOME / "passwords.json").write_text('{"admin": "admin", "viewer": "viewer"}')
    for command in (["db", "migrate"], ["pools", "set", "gpu", "1", "tests"]):
        subprocess.run([sys.executable, "-m", "airflow", *command], check=True, capture_output=True)
    return HOME


@pytest.fixture(scope="session")
def bag(airflow_home: Path) -> Any:
    """Every DAG of the repository."""
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(ROOT / "dags"))


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The environment of tasks and of the processes that they start; returns MEDPIPE_HOME."""
    for name, value in {
        "MEDPIPE_HOME": tmp_path,
        "MEDPIPE_PORTS": "tests.dags.light:ports",
        "PYTHONPATH": ROOT,
        "MEDPIPE_NCBI_EMAIL": "tests@example.org",
    }.items():
        monkeypatch.setenv(name, str(value))
    return tmp_path


@pytest.fixture
def nlm(ring: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The sandbox's NLM on a free port; returns its address."""
    from medpipe.sandbox.nlm.__main__ import server

    with served(server(0)) as serving:
        address = f"http://127.0.0.1:{serving.server_port}"
        monkeypatch.setenv("MEDPIPE_MEDLINEPLUS_URL", address)
        monkeypatch.setenv("MEDPIPE_PUBMED_URL", f"{address}/pubmed")
        yield address


@pytest.fixture
def run(bag: Any, ring: Path) -> Callable[..., DagRun]:
    """`run("corpus", start=…)` runs a DAG to its end in this process."""

    def finish(dag: str, **conf: Any) -> DagRun:
        # Airflow writes the form of a run into the params of the DAG and its tasks, where later runs would begin.
        chosen = bag.dags[dag]
        params = [each.get_param(name) for each in (chosen.params, *(t.params for t in chosen.tasks)) for name in each]
        before = [param.value for param in params]
        try:
            return chosen.test(run_conf=conf)
        finally:
            for param, value in zip(params, before, strict=True):
                param.value = value

    return finish


def values(run: DagRun) -> Mapping[str, Any]:
    """What each task of a run returned."""
    from airflow.models.xcom import XComModel

    found = {}
    for task in run.get_task_instances():
        stored = XComModel.get_many(run_id=run.run_id, dag_ids=run.dag_id, task_ids=task.task_id, key="return_value")
        from airflow.utils.session import create_session

        with create_session() as session:
            rows = session.scalars(stored).all()
            found[task.task_id] = XComModel.deserialize_value(rows[-1]) if rows else None
    return found


def states(run: DagRun) -> Mapping[str, str]:
    """The state of each task of a run (the last of mapped ones)."""
    return {task.task_id: str(task.state) for task in run.get_task_instances()}
