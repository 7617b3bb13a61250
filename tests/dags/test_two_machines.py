"""A corpus is pulled by two workers that share a database and an object store, and no disk.

Each process has the command and the environment of its service in docker-compose.yml. Addresses and folders differ.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
import sqlalchemy as sa

from medpipe.backends.delta.corpus import DeltaCorpus
from medpipe.sandbox import airflow_home, object_store, servers
from medpipe.sandbox.airflow_rest import Airflow
from medpipe.sandbox.nlm.citation_files import file_name
from medpipe.sandbox.server import Server, answers, end_marked
from medpipe.sandbox.waiting import wait_until
from medpipe.sandbox.world import DAYS, World
from tests.composed import SERVICES, command, given
from tests.contract import nlm_server
from tests.contract.databases import HAS_POSTGRESQL, postgresql
from tests.places import ROOT
from tests.processes import LOCAL, free_port

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not HAS_POSTGRESQL, reason="PostgreSQL's server programs are not here"),
    pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not here"),
]
BUCKET = "s3://machines/prefix"
DATABASES = ("airflow", "celery", "medpipe")


class Cluster(NamedTuple):
    """Airflow with two workers, each with a home of its own."""

    airflow: Airflow
    nlm: nlm_server.Nlm
    workers: dict[Path, Server]


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    with ExitStack() as started:
        nlm = started.enter_context(nlm_server.running(tmp_path / "calendar.json"))
        store = started.enter_context(object_store.serving(tmp_path / "object-store.log"))
        object_store.make_bucket(store, "machines")
        databases = started.enter_context(postgresql()).rpartition("/")[0]
        _make_databases(databases)
        redis = started.enter_context(_redis(tmp_path))
        port = free_port()
        here = f"http://{LOCAL}:{port}"
        addresses = servers.Addresses(airflow=here, mlflow=here, engine=here, service=here, nlm=nlm.url)
        (tmp_path / "dags").mkdir()
        shutil.copy(ROOT / "dags" / "corpus.py", tmp_path / "dags")
        shared = servers.environment(addresses, tmp_path / "control", ROOT) | {
            "AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path / "dags"),
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"{databases}/airflow",
            "AIRFLOW__CELERY__BROKER_URL": redis,
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{databases}/celery",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "15",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
            "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",  # on a busy machine no answer is late
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{here}/execution/",
            "MEDPIPE_DATABASE_URL": f"{databases}/medpipe",
            "MEDPIPE_EXPECTATIONS": str(ROOT / "expectations"),
        }
        for name, value in store.items():
            monkeypatch.setenv(name, value)
        airflow_home.prepare(tmp_path / "control" / "airflow", shared, tmp_path / "migrate.log")

        def start(name: str, service: str, *options: str, preload: str = "", **variables: str) -> Server:
            composed = SERVICES[service]
            here = {"0.0.0.0": LOCAL, "8080": str(port)}
            given_by_compose = given(composed, {"STORAGE": BUCKET, **store})
            server = Server(
                name,
                [sys.executable, "-m", *(here.get(word, word) for word in command(composed)), *options],
                given_by_compose | shared | variables | {airflow_home.PRELOAD: preload},
                tmp_path / f"{name}.log",
                mark=f"{tmp_path}#{name}",
                patience=300,
                folder=tmp_path,
            )
            server.start()
            started.callback(end_marked, server.mark)  # its state goes too, so it need not end well
            return server

        api = start("api-server", "airflow-api-server")
        api.ready = lambda: answers(f"{here}/api/v2/monitor/health")
        start("scheduler", "airflow-scheduler", "--skip-serve-logs")
        start("dag-processor", "airflow-dag-processor")
        workers = {
            tmp_path / name: start(
                name,
                "worker-default",
                *("--concurrency", "1", "--skip-serve-logs", "--celery-hostname", f"{name}@%h"),
                preload=servers.PRELOADED,
                MEDPIPE_HOME=str(tmp_path / name),
            )
            for name in ("one", "two")
        }
        api.wait_ready()
        airflow = Airflow(here, *airflow_home.LOGIN)
        airflow.wait_for_dags({"corpus"}, 300)
        for worker in workers.values():
            wait_until(lambda log=worker.log: "ready." in log.read_text(errors="replace"), 300)
        yield Cluster(airflow, nlm, workers)


def _make_databases(address: str) -> None:
    engine = sa.create_engine(f"{address}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for name in DATABASES:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
    port = free_port()
    command = ["redis-server", "--bind", LOCAL, "--port", str(port), "--save", "", "--dir", str(folder)]
    server = Server("redis", command, {}, folder / "redis.log", mark=f"{folder}#redis")
    server.ready = lambda: "Ready to accept connections" in server.tail()
    server.start()
    try:
        server.wait_ready()
        yield f"redis://{LOCAL}:{port}/0"
    finally:
        server.stop()


def test_of_two_workers_without_a_shared_disk_both_pull_and_one_finishes_what_the_other_was_killed_in(
    cluster: Cluster,
) -> None:
    cluster.nlm.day(3)
    for day in DAYS:
        cluster.nlm.misbehave(f"/pubmed/updatefiles/{file_name(day)}", "slow")
    days = {"start": str(min(DAYS.values())), "end": "2026-03-06"}
    run = cluster.airflow.trigger("corpus", {"sources": ["pubmed"], **days})

    def in_its_second_pull() -> Path | None:
        """The home of a worker that has one file and downloads another: of three files, one worker gets two."""
        return next((home for home in cluster.workers if files(home) and files(home, ".part")), None)

    killed = wait_until(in_its_second_pull, 300, pause=0.05)
    end_marked(cluster.workers[killed].mark)
    assert files(killed, ".part"), "it was killed before the file was whole"
    for _ in cluster.airflow.wait("corpus", run, patience=300):
        pass

    pulls = [task for task in cluster.airflow.tasks("corpus", run) if task["task_id"] == "pull"]
    assert len(pulls) == len(DAYS)
    assert max(task["try_number"] for task in pulls) > 1, "the pull that was killed was tried again"
    (other,) = set(cluster.workers) - {killed}
    assert files(killed) and files(other), "both have pulled"
    assert files(killed) | files(other) == {file_name(day) for day in DAYS}
    corpus = DeltaCorpus(f"{BUCKET}/corpus")
    version = corpus.place.table().version()
    every = {f"pmid:{article.pmid}" for day in DAYS for article in World(17).articles(day)}
    assert set(corpus.revisions(version, ("current", "retracted", "notice"))) == every


def files(home: Path, ending: str = "") -> set[str]:
    """The files of PubMed that a worker has downloaded, or of which it has a part."""
    return {file.name for file in (home / "downloads").rglob(f"pubmed*.xml.gz{ending}")}
