"""What every DAG must have, read from the parsed DAGs."""

from __future__ import annotations

import ast
import json
import sys
from datetime import timedelta

import pytest

from tests.dags.conftest import ROOT

DAGS = ("approval", "certificates", "corpus", "feedback", "retention", "retrain", "rollout", "watch", "withdrawals")


def test_every_dag_is_parsed_without_errors(bag):
    assert bag.import_errors == {}
    assert sorted(bag.dags) == list(DAGS)


@pytest.mark.parametrize("name", DAGS)
def test_a_dag_is_documented_owned_tagged_and_runs_once_at_a_time(bag, name):
    dag = bag.dags[name]
    assert dag.doc_md and "medpipe" in dag.tags and dag.max_active_runs == 1 and not dag.catchup


@pytest.mark.parametrize("name", DAGS)
def test_every_task_retries_with_backoff_and_has_a_time_limit(bag, name):
    for task in bag.dags[name].tasks:
        assert task.owner == "medpipe"
        assert task.execution_timeout and task.execution_timeout <= timedelta(hours=12)
        assert task.retries >= 2 and task.retry_exponential_backoff, task.task_id


def test_a_publishers_outage_of_twelve_hours_needs_no_person(bag):
    task = bag.dags["corpus"].get_task("catch_up")
    pauses = [min(task.retry_delay * 2**attempt, task.max_retry_delay) for attempt in range(task.retries)]
    assert sum(pauses, timedelta()) >= timedelta(hours=12)
    waited_for = {upstream.task_id for upstream in bag.dags["corpus"].get_task("build_corpus").get_flat_relatives(True)}
    assert "catch_up" not in waited_for, "what was delivered enters meanwhile"


def test_a_source_is_caught_up_if_it_has_no_plan_or_a_pull_that_was_not_taken():
    from medpipe_airflow.catching_up import outstanding

    file = {"source": "pubmed", "start": "2026-03-03", "end": "2026-03-04", "file": "pubmed26n1335.xml.gz"}
    topics = {"source": "medlineplus", "start": "2026-03-03", "end": "2026-03-04"}
    names = ("pubmed", "medlineplus", "genetics", "eutils")
    assert outstanding(names, ([file], [topics], [], None), (topics,)) == ["pubmed", "eutils"]
    assert outstanding(names, ([file], [topics], [], []), (file, topics)) == []


def test_only_what_loads_a_model_goes_to_the_gpu(bag):
    routed = {task.task_id for dag in bag.dags.values() for task in dag.tasks if task.queue == "gpu"}
    assert routed == {"classify_facts", "train", "evaluate_challenger", "evaluate_incumbent", "probe_withdrawals"}
    assert all(task.pool == "gpu" for dag in bag.dags.values() for task in dag.tasks if task.task_id in routed)


@pytest.mark.parametrize("name", DAGS)
def test_a_dag_file_imports_only_airflows_sdk_and_the_plugin(name):
    tree = ast.parse((ROOT / "dags" / f"{name}.py").read_text())
    imported = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert imported <= {"__future__", "typing", "airflow.sdk", "medpipe_airflow", "medpipe.steps"}


def test_the_assets_close_the_ring(bag):
    def announced(dag: str) -> set[str]:
        return {outlet.name for task in bag.dags[dag].tasks for outlet in task.outlets}

    def awaited(dag: str) -> set[str]:
        condition = bag.dags[dag].timetable.asset_condition
        return {asset.name for asset in getattr(condition, "objects", [condition])}

    assert announced("corpus") | announced("feedback") == awaited("watch") == {"corpus", "pairs"}
    assert announced("watch") == announced("withdrawals") == announced("approval") == awaited("retrain")
    assert announced("retrain") == awaited("rollout")
    assert announced("rollout") == awaited("certificates")


def test_watch_also_runs_by_the_clock_because_events_for_a_paused_dag_are_lost(bag, monkeypatch):
    from medpipe_airflow import CORPUS, daily_and_on

    timetable = bag.dags["watch"].timetable
    assert timetable.can_be_scheduled and timetable.timetable.expression == "0 6 * * *"
    monkeypatch.setenv("MEDPIPE_CALENDAR", "off")
    assert daily_and_on(CORPUS) == CORPUS


def test_retention_lists_what_would_go_before_it_removes_anything(bag):
    dag = bag.dags["retention"]
    assert dag.get_task("remove").upstream_task_ids == {"list"}
    assert dag.get_task("list").op_kwargs.get("apply") in (None, False)
    assert dag.timetable.expression == "0 4 * * 0"


def test_while_a_withdrawn_claim_is_asserted_watch_asks_for_no_routine_retrain(bag):
    from medpipe_airflow import request_of

    ask = request_of.function
    recipes = {"sft": "tiny-sft", "dpo": "tiny-dpo"}
    verdict = {"verdict": "retrain", "method": "dpo", "reasons": ["new facts: 40"], "withdrawn": ["pmid:1"]}
    assert ask(verdict, recipes, corpus="corpus/1", pairs="pairs/1", drift="drift/1") is None
    routine = ask(verdict | {"withdrawn": []}, recipes, corpus="corpus/1", pairs="pairs/1", drift="drift/1")
    assert (routine["recipe"], routine["pairs"]) == ("tiny-dpo", "pairs/1")
    assert ask(verdict | {"verdict": "hold"}, recipes, corpus="corpus/1", pairs=None, drift="drift/1") is None


def test_a_wrong_argument_fails_when_the_dag_is_parsed(bag):
    from airflow.sdk import DAG
    from medpipe_airflow import step

    with DAG("planted"), pytest.raises(TypeError, match="corpse"):
        step("latest")(kind="corpus", corpse="corpus/0123456789abcdef")


def test_parsing_the_dags_loads_nothing_heavy():
    import subprocess

    code = (
        "import sys; sys.path[:0] = ['dags', 'plugins']; "
        "import corpus, watch, retrain, rollout, feedback, withdrawals, approval, certificates; "
        "print(sorted({'torch', 'transformers', 'mlflow', 'great_expectations', 'deltalake'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_the_calendar_survives_serialization(bag):
    from medpipe_airflow.calendar import NlmReleaseTimetable

    timetable = NlmReleaseTimetable(7)
    assert NlmReleaseTimetable.deserialize(json.loads(json.dumps(timetable.serialize()))).hour == 7
