"""Follows DAG runs through Airflow's REST API, prints what happens and keeps the times for the report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from rich.console import Console

from medpipe.sandbox.airflow_rest import FINISHED, Airflow
from medpipe.sandbox.waiting import wait_until

Watcher = Callable[[list[dict[str, Any]]], None]
"""Called with the run's tasks about once a second while a run is followed."""

ALL_DAGS = ("corpus", "watch", "retrain", "rollout", "feedback", "withdrawals", "certificates")
"""The DAGs that the demo follows. The DAG *approval* runs under another policy of withdrawals only."""

_ENDED = FINISHED | {"skipped", "upstream_failed"}
_MARKS = {"success": "[green]✓[/]", "skipped": "[dim]·[/]"}


class TaskSpan(NamedTuple):
    """When one task of one run was ready, started and ended (seconds since the epoch)."""

    step: str
    dag: str
    run: str
    task: str
    state: str
    queued: float
    started: float
    ended: float


class Narrator:
    """Drives and watches Airflow. `step()` names the part of the demo to which the following runs belong."""

    def __init__(self, airflow: Airflow, console: Console) -> None:
        self.airflow = airflow
        self.console = console
        self.spans: list[TaskSpan] = []
        self.seconds: dict[str, float] = {}
        """Wall time of each step that has ended."""
        self._step = ""
        self._followed: set[str] = set()

    @contextmanager
    def step(self, name: str, title: str) -> Iterator[None]:
        """Announce one part of the demo, and time it."""
        self._step = name
        self.console.rule(f"[bold]{title}", align="left")
        started = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - started, 1)

    def start(self, dag: str, **conf: Any) -> str:
        """Trigger a run by hand, follow it to its end and return its id."""
        return self.follow(dag, self.airflow.trigger(dag, conf))

    def next_run(self, dag: str, patience: float = 120, when: Watcher | None = None) -> str:
        """Wait for a run of `dag` that an asset event started, follow it to its end and return its id.

        Raises TimeoutError when no such run appears within `patience` seconds.
        """
        try:
            fresh = wait_until(lambda: self._fresh_runs(dag), patience, pause=0.4)
        except TimeoutError:
            raise TimeoutError(f"no asset event started the DAG {dag} within {patience:.0f} s") from None
        return self.follow(dag, fresh[0], when)

    def follow(self, dag: str, run: str, when: Watcher | None = None) -> str:
        """Print the end of each task until the run has succeeded; raises RunFailed with the task's log."""
        self._followed.add(run)
        printed: set[tuple[str, int]] = set()
        with self.console.status(f"{dag} …") as status:
            for tasks in self.airflow.wait(dag, run):
                running = [task["task_id"] for task in tasks if task["state"] in ("running", "queued")]
                status.update(f"{dag}: {', '.join(running) or 'scheduling'}")
                for task in sorted(tasks, key=lambda task: task["end_date"] or ""):
                    key = (task["task_id"], task["map_index"])
                    if task["state"] in _ENDED and key not in printed:
                        printed.add(key)
                        self._record(dag, run, task)
                if when is not None:
                    when(tasks)
        return run

    def value(self, dag: str, run: str, task: str) -> Any:
        """Return what a task returned; None when it returned nothing or was skipped."""
        return self.airflow.value(dag, run, task)

    def _fresh_runs(self, dag: str) -> list[str]:
        """Return the runs that were not followed yet, oldest first."""
        runs = [run["dag_run_id"] for run in self.airflow.runs(dag)]
        return [run for run in runs if run not in self._followed]

    def _record(self, dag: str, run: str, task: dict[str, Any]) -> None:
        """Keep the times of a task that has ended, and print its line."""
        name = task["task_id"] + (f"[{task['map_index']}]" if task["map_index"] >= 0 else "")
        queued, started, ended = (_seconds(task.get(key)) for key in ("queued_when", "start_date", "end_date"))
        if started and ended:
            self.spans.append(TaskSpan(self._step, dag, run, name, task["state"], queued or started, started, ended))
        # `restore` is skipped in every run that goes well; a line for it would only raise questions.
        if task["state"] == "skipped" and task["task_id"] == "restore":
            return
        mark = _MARKS.get(task["state"], "[red]✗[/]")
        duration = f"{task['duration']:6.1f} s" if task.get("duration") else "        "
        self.console.print(f"  {mark} {duration}  {dag} · {name}", highlight=False)


def _seconds(stamp: str | None) -> float:
    return datetime.fromisoformat(stamp).timestamp() if stamp else 0.0
