"""Follows DAG runs through the REST API, tells what happens and keeps it for the report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from rich.console import Console

from medpipe.sandbox.airflow_rest import FINISHED, Airflow

Watcher = Callable[[list[dict[str, Any]]], None]
"""Called with the run's tasks about once a second while a run is followed."""

ALL_DAGS = ("corpus", "watch", "retrain", "rollout", "feedback")


class TaskSpan(NamedTuple):
    """When one task of one run was ready, ran and ended (seconds since the epoch)."""

    step: str
    dag: str
    run: str
    task: str
    state: str
    queued: float
    started: float
    ended: float


class Narrator:
    """Drives and watches Airflow. `step()` names the part of the story that what follows belongs to."""

    def __init__(self, airflow: Airflow, console: Console) -> None:
        self.airflow = airflow
        self.console = console
        self.spans: list[TaskSpan] = []
        self.seconds: dict[str, float] = {}
        self._step = ""
        self._told: set[str] = set()

    @contextmanager
    def step(self, name: str, title: str) -> Iterator[None]:
        """One part of the story: announced, timed."""
        self._step = name
        self.console.rule(f"[bold]{title}", align="left")
        began = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - began, 1)

    def start(self, dag: str, **conf: Any) -> str:
        """Trigger a run by hand and follow it to its end."""
        run = self.airflow.trigger(dag, conf)
        return self.follow(dag, run)

    def next_run(self, dag: str, patience: float = 120, when: Watcher | None = None) -> str:
        """Wait for a run of `dag` that nobody here started (an asset woke it) and follow it to its end."""
        deadline = time.monotonic() + patience
        while True:
            fresh = [run["dag_run_id"] for run in self.airflow.runs(dag) if run["dag_run_id"] not in self._told]
            if fresh:
                return self.follow(dag, fresh[0], when)
            if time.monotonic() > deadline:
                raise TimeoutError(f"no asset event woke the DAG {dag} within {patience:.0f} s")
            time.sleep(0.4)

    def follow(self, dag: str, run: str, when: Watcher | None = None) -> str:
        """Tell each task's end until the run has succeeded. Raises RunFailed with the task's log."""
        self._told.add(run)
        done: set[tuple[str, int]] = set()
        with self.console.status(f"{dag} …") as status:
            for tasks in self.airflow.wait(dag, run):
                running = [task["task_id"] for task in tasks if task["state"] in ("running", "queued")]
                status.update(f"{dag}: {', '.join(running) or 'scheduling'}")
                for task in sorted(tasks, key=lambda each: each["end_date"] or ""):
                    key = (task["task_id"], task["map_index"])
                    if task["state"] in (*FINISHED, "skipped", "upstream_failed") and key not in done:
                        done.add(key)
                        self._tell(dag, run, task)
                if when is not None:
                    when(tasks)
        return run

    def value(self, dag: str, run: str, task: str) -> Any:
        return self.airflow.value(dag, run, task)

    def _tell(self, dag: str, run: str, task: dict[str, Any]) -> None:
        name = task["task_id"] + (f"[{task['map_index']}]" if task["map_index"] >= 0 else "")
        queued, started, ended = (_seconds(task.get(key)) for key in ("queued_when", "start_date", "end_date"))
        if started and ended:
            self.spans.append(TaskSpan(self._step, dag, run, name, task["state"], queued or started, started, ended))
        mark = {"success": "[green]✓[/]", "skipped": "[dim]·[/]"}.get(task["state"], "[red]✗[/]")
        if not (task["state"] == "skipped" and task["task_id"] == "restore"):
            took = f"{task['duration']:6.1f} s" if task.get("duration") else "        "
            self.console.print(f"  {mark} {took}  {dag} · {name}", highlight=False)


def _seconds(stamp: str | None) -> float:
    return datetime.fromisoformat(stamp).timestamp() if stamp else 0.0
