"""A verb as a process: its value, its failures, and that it never outlives its task."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import psutil
import pytest

from tests.places import ROOT
from tests.waiting import until


@pytest.fixture
def steps(airflow_home, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "plugins"))
    from medpipe_airflow import steps

    monkeypatch.setattr(steps, "get_current_context", lambda: {"ti": steps.ti})
    steps.ti = SimpleNamespace(task=SimpleNamespace(on_kill=None))
    return steps


def script(code: str) -> list[str]:
    return [sys.executable, "-c", code, "verb"]


def test_the_value_is_the_last_line_and_none_is_no_value(steps):
    value = steps._run_process(script("print('50% half'); print('adapter/0123456789abcdef')"))
    assert value == "adapter/0123456789abcdef"
    assert steps._run_process(script("print('none')")) is None


def test_a_warning_after_the_value_is_not_taken_for_it(steps):
    late = "import sys; print('adapter/0123456789abcdef', flush=True); print('leaked semaphore', file=sys.stderr)"
    assert steps._run_process(script(late)) == "adapter/0123456789abcdef"


def test_rejected_data_fails_for_good_and_other_faults_may_be_retried(steps):
    from airflow.sdk.exceptions import AirflowFailException

    from medpipe.errors import MedpipeError

    with pytest.raises(AirflowFailException, match="12 rows are bad"):
        steps._run_process(script("import sys; print('12 rows are bad'); sys.exit(65)"))
    with pytest.raises(MedpipeError, match="status 1: the engine does not answer"):
        steps._run_process(script("import sys; print('the engine does not answer'); sys.exit(1)"))


def test_the_command_leaves_out_what_has_a_default_and_spells_the_rest_as_the_cli_wants_it(steps):
    given = steps._plain_arguments(
        "build_examples",
        {
            "corpus": "corpus/1",
            "recipe": "tiny-sft",
            "since": None,
            "knows": "version/2",
            "withdraw": ["pmid:1", "pmid:2"],
        },
    )
    line = steps.command("build_examples", given, sys.executable)[3:]
    assert line == [
        "build-examples",
        "--verbose",
        "--corpus",
        "corpus/1",
        "--recipe",
        "tiny-sft",
        "--knows",
        "version/2",
        "--withdraw",
        "pmid:1",
        "pmid:2",
    ]
    from medpipe.cli import parser

    parser().parse_args(line)


def test_a_verb_apart_is_a_process_of_the_workers_interpreter(steps, monkeypatch):
    monkeypatch.setenv("MEDPIPE_PYTHON", "/the/one/with/torch")
    monkeypatch.setattr(steps, "_run_process", " ".join)
    line = steps.step("build_examples", apart=True).function(corpus="corpus/1", recipe="tiny-sft")
    assert line.startswith(f"{sys.executable} -m medpipe.cli build-examples ")


def test_the_dag_retrain_builds_examples_apart(bag, steps, monkeypatch):
    monkeypatch.setattr(steps, "_run_process", " ".join)
    build = bag.dags["retrain"].get_task("build_examples").python_callable
    line = build(corpus="corpus/1", recipe="tiny-sft")
    assert line.startswith(f"{sys.executable} -m medpipe.cli build-examples")


def test_killing_the_task_kills_what_its_process_started(steps):
    child = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
        "print(p.pid, flush=True); p.wait()"
    )
    seen: list[int] = []
    others = set(psutil.Process().children(recursive=True))  # servers of other tests' fixtures

    def kill() -> None:
        until(lambda: steps.ti.task.on_kill is not None, 20)
        time.sleep(1.5)
        seen.extend(process.pid for process in set(psutil.Process().children(recursive=True)) - others)
        steps.ti.task.on_kill()

    threading.Thread(target=kill).start()
    from medpipe.errors import MedpipeError

    with pytest.raises(MedpipeError, match="status -9"):
        steps._run_process(script(child))
    assert len(seen) >= 2
    _, alive = psutil.wait_procs([psutil.Process(pid) for pid in seen if psutil.pid_exists(pid)], timeout=5)
    assert [each for each in alive if each.status() != psutil.STATUS_ZOMBIE] == []


@pytest.mark.skipif(sys.platform != "linux", reason="the parent death signal is Linux's")
def test_the_process_dies_with_a_task_that_is_killed_outright(airflow_home):
    inner = [sys.executable, "-c", "import time; time.sleep(60)", "verb"]
    code = (
        "import sys; sys.path[:0] = ['plugins', '.']\n"
        "from types import SimpleNamespace as N\n"
        "from medpipe_airflow import steps\n"
        "steps.get_current_context = lambda: {'ti': N(task=N())}\n"
        f"steps._run_process({inner!r})\n"
    )
    task = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    try:
        children = until(psutil.Process(task.pid).children, 60)
    finally:
        task.kill()
        task.wait()
    _, alive = psutil.wait_procs(children, timeout=5)
    assert [each for each in alive if each.status() != psutil.STATUS_ZOMBIE] == []
