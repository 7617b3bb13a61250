"""The part of Airflow's REST API (version 2) that the embedded system and the demo use."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from medpipe.errors import MedpipeError
from medpipe.sandbox.waiting import wait_until

FINISHED = frozenset({"success", "failed"})
"""States in which a run or task has ended on its own."""

_LOG_LINES = 40
"""How much of a failed task's log an error message repeats."""


class RunFailed(MedpipeError):
    """A DAG run failed. The message names the run and the failed task, and ends with that task's log."""


class Airflow:
    """A logged-in client. It logs in again when the server refuses its token."""

    def __init__(self, address: str, user: str, password: str) -> None:
        self.address = address
        self._login = {"username": user, "password": password}
        # Retried: a connection that the server drops at the moment of a request (keep-alive).
        self._http = httpx.Client(base_url=address, timeout=30, transport=httpx.HTTPTransport(retries=5))
        self._while_restarting = Retrying(
            retry=retry_if_exception_type(httpx.TransportError),
            wait=wait_fixed(1),
            stop=stop_after_attempt(20),
            reraise=True,
        )
        self._log_in()

    def get(self, path: str, **parameters: Any) -> Any:
        """Return the JSON answer to a GET; raises httpx.HTTPStatusError."""
        return self._call("GET", path, params=parameters)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Return the JSON answer to a POST; raises httpx.HTTPStatusError."""
        return self._call("POST", path, json=dict(body))

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """Return the JSON answer to a PATCH; raises httpx.HTTPStatusError."""
        return self._call("PATCH", path, json=dict(body))

    def ensure_pool(self, name: str, slots: int, description: str) -> None:
        """Create the pool, or set the number of its slots."""
        body = {"name": name, "slots": slots, "description": description, "include_deferred": False}
        if self._exists(f"/api/v2/pools/{name}"):
            self.patch(f"/api/v2/pools/{name}", {"pool": name, "slots": slots, "include_deferred": False})
        else:
            self.post("/api/v2/pools", body)

    def set_variable(self, key: str, value: str) -> None:
        """Create or change an Airflow Variable."""
        if self._exists(f"/api/v2/variables/{key}"):
            self.patch(f"/api/v2/variables/{key}", {"key": key, "value": value})
        else:
            self.post("/api/v2/variables", {"key": key, "value": value})

    def wait_for_dags(self, names: set[str], patience: float = 120) -> None:
        """Wait until the DAG processor has parsed all of them.

        Raises TimeoutError with the missing names and Airflow's import errors after `patience` seconds.
        """
        try:
            wait_until(lambda: names <= self._dags(), patience, pause=0.5)
        except TimeoutError:
            errors = self.get("/api/v2/importErrors")["import_errors"]
            missing = sorted(names - self._dags())
            raise TimeoutError(f"DAGs {missing} did not appear; import errors: {errors}") from None

    def trigger(self, dag: str, conf: Mapping[str, Any] | None = None) -> str:
        """Start a run by hand and return its id."""
        run = self.post(f"/api/v2/dags/{dag}/dagRuns", {"logical_date": None, "conf": dict(conf or {})})
        return str(run["dag_run_id"])

    def runs(self, dag: str) -> list[dict[str, Any]]:
        """Return the runs of a DAG, oldest first."""
        runs: list[dict[str, Any]] = self.get(f"/api/v2/dags/{dag}/dagRuns", limit=100, order_by="id")["dag_runs"]
        return runs

    def run(self, dag: str, run: str) -> dict[str, Any]:
        """Return one run, with its `state`."""
        described: dict[str, Any] = self.get(_run_path(dag, run))
        return described

    def tasks(self, dag: str, run: str) -> list[dict[str, Any]]:
        """Return the task instances of a run, one for each index of a mapped task."""
        tasks: list[dict[str, Any]] = self.get(f"{_run_path(dag, run)}/taskInstances", limit=100)["task_instances"]
        return tasks

    def value(self, dag: str, run: str, task: str) -> Any:
        """Return what a task returned; None when it returned nothing or was skipped."""
        path = f"{_run_path(dag, run)}/taskInstances/{task}/xcomEntries/return_value"
        response = self._send("GET", path, params={"deserialize": False})
        if response.status_code == 404:
            return None
        response.raise_for_status()
        return response.json()["value"]

    def wait(self, dag: str, run: str, patience: float = 900) -> Iterator[list[dict[str, Any]]]:
        """Yield the run's tasks about once a second until the run has succeeded.

        Raises RunFailed with the failed task's log, and TimeoutError after `patience` seconds.
        """
        deadline = time.monotonic() + patience
        while True:
            state = self.run(dag, run)["state"]
            yield self.tasks(dag, run)
            if state == "success":
                return
            if state == "failed":
                raise RunFailed(self._failure(dag, run))
            if time.monotonic() > deadline:
                raise TimeoutError(f"{dag} {run} is still {state} after {patience:.0f} s")
            time.sleep(0.7)

    def log(self, dag: str, run: str, task: str, attempt: int, map_index: int = -1) -> list[str]:
        """Return the lines of a task's log; `map_index` is -1 for a task that is not mapped."""
        path = f"{_run_path(dag, run)}/taskInstances/{task}/logs/{attempt}"
        entries = self.get(path, map_index=map_index, full_content=True)["content"]
        return [line for entry in entries for line in _log_lines(entry)]

    def _dags(self) -> set[str]:
        return {dag["dag_id"] for dag in self.get("/api/v2/dags", limit=100)["dags"]}

    def _exists(self, path: str) -> bool:
        return self._send("GET", path).status_code != 404

    def _failure(self, dag: str, run: str) -> str:
        """Describe why a run failed, by the task that failed first."""
        failed = sorted(
            (task for task in self.tasks(dag, run) if task["state"] == "failed"),
            key=lambda task: task["end_date"] or "",
        )
        if not failed:
            return f"{dag} {run} failed"
        task = failed[0]
        lines = self.log(dag, run, task["task_id"], task["try_number"], task["map_index"])
        head = f"{dag} {run} failed in {task['task_id']}; the end of its log:"
        return "\n".join([head, *lines[-_LOG_LINES:]])

    def _call(self, method: str, path: str, **request: Any) -> Any:
        response = self._send(method, path, **request)
        if response.is_error:
            raise httpx.HTTPStatusError(
                f"{method} {path}: {response.status_code} {response.text[:500]}",
                request=response.request,
                response=response,
            )
        return response.json()

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request, once more after a new login. Reads are also repeated while the server restarts."""
        response = self._attempt(method, path, **request)
        if response.status_code == 401:
            self._log_in()
            response = self._attempt(method, path, **request)
        return response

    def _attempt(self, method: str, path: str, **request: Any) -> httpx.Response:
        if method == "GET":
            return self._while_restarting(self._http.request, method, path, **request)
        return self._http.request(method, path, **request)

    def _log_in(self) -> None:
        response = self._http.post("/auth/token", json=self._login)
        response.raise_for_status()
        self._http.headers["Authorization"] = f"Bearer {response.json()['access_token']}"


def _run_path(dag: str, run: str) -> str:
    return f"/api/v2/dags/{dag}/dagRuns/{quote(run, safe='')}"


def _log_lines(entry: str | dict[str, Any]) -> list[str]:
    """Return one entry of a log as lines: the event, then the errors that it carries."""
    if isinstance(entry, str):
        return [entry]
    event = " ".join(str(entry[key]) for key in ("timestamp", "level", "event") if entry.get(key))
    errors = entry.get("error_detail") or ()
    return [event, *(f"  {error.get('exc_type')}: {error.get('exc_value')}" for error in errors)]
