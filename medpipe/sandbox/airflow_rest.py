"""The part of Airflow's REST API that the embedded system and its story use."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx

FINISHED = frozenset({"success", "failed"})


class RunFailed(RuntimeError):
    """A DAG run failed: the message names the run and the failed task and ends with that task's log."""


class Airflow:
    """A logged-in client; logs in again when the token is refused."""

    def __init__(self, address: str, user: str, password: str) -> None:
        self.address = address
        self._login = {"username": user, "password": password}
        # Retries: a server that restarts, or a keep-alive dropped at the same moment as a request.
        self._http = httpx.Client(base_url=address, timeout=30, transport=httpx.HTTPTransport(retries=5))
        self._log_in()

    def get(self, path: str, **parameters: Any) -> Any:
        return self._call("GET", path, params=parameters)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._call("POST", path, json=dict(body))

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._call("PATCH", path, json=dict(body))

    def ensure_pool(self, name: str, slots: int, description: str) -> None:
        """Create the pool or give it its slots."""
        body = {"name": name, "slots": slots, "description": description, "include_deferred": False}
        if self._send("GET", f"/api/v2/pools/{name}").status_code == 404:
            self.post("/api/v2/pools", body)
        else:
            self.patch(f"/api/v2/pools/{name}", {"pool": name, "slots": slots, "include_deferred": False})

    def set_variable(self, key: str, value: str) -> None:
        """Create or change an Airflow Variable."""
        if self._send("GET", f"/api/v2/variables/{key}").status_code == 404:
            self.post("/api/v2/variables", {"key": key, "value": value})
        else:
            self.patch(f"/api/v2/variables/{key}", {"key": key, "value": value})

    def wait_for_dags(self, names: set[str], patience: float = 120) -> None:
        """Wait until the dag-processor has parsed them all. Raises TimeoutError with the import errors."""
        deadline = time.monotonic() + patience
        while True:
            known = {dag["dag_id"] for dag in self.get("/api/v2/dags", limit=100)["dags"]}
            if names <= known:
                return
            if time.monotonic() > deadline:
                errors = self.get("/api/v2/importErrors")["import_errors"]
                raise TimeoutError(f"DAGs {sorted(names - known)} did not appear; import errors: {errors}")
            time.sleep(0.5)

    def trigger(self, dag: str, conf: Mapping[str, Any] | None = None) -> str:
        """Start a run by hand and return its id."""
        run = self.post(f"/api/v2/dags/{dag}/dagRuns", {"logical_date": None, "conf": dict(conf or {})})
        return str(run["dag_run_id"])

    def runs(self, dag: str) -> list[dict[str, Any]]:
        """Runs, oldest first."""
        found: list[dict[str, Any]] = self.get(f"/api/v2/dags/{dag}/dagRuns", limit=100, order_by="id")["dag_runs"]
        return found

    def run(self, dag: str, run: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/api/v2/dags/{dag}/dagRuns/{quote(run, safe='')}")
        return found

    def tasks(self, dag: str, run: str) -> list[dict[str, Any]]:
        path = f"/api/v2/dags/{dag}/dagRuns/{quote(run, safe='')}/taskInstances"
        found: list[dict[str, Any]] = self.get(path, limit=100)["task_instances"]
        return found

    def value(self, dag: str, run: str, task: str) -> Any:
        """What a task returned (None when it returned nothing or was skipped)."""
        path = f"/api/v2/dags/{dag}/dagRuns/{quote(run, safe='')}/taskInstances/{task}/xcomEntries/return_value"
        response = self._send("GET", path, params={"deserialize": False})
        if response.status_code == 404:
            return None
        response.raise_for_status()
        return response.json()["value"]

    def wait(self, dag: str, run: str, patience: float = 900) -> Iterator[list[dict[str, Any]]]:
        """Yield the run's tasks about once a second until it has succeeded.

        Raises RunFailed with the failed task's log, and TimeoutError.
        """
        deadline = time.monotonic() + patience
        while True:
            state = self.run(dag, run)["state"]
            yield self.tasks(dag, run)
            if state == "success":
                return
            if state == "failed":
                raise RunFailed(self._why(dag, run))
            if time.monotonic() > deadline:
                raise TimeoutError(f"{dag} {run} is still {state} after {patience:.0f} s")
            time.sleep(0.7)

    def log(self, dag: str, run: str, task: str, attempt: int, map_index: int = -1) -> list[str]:
        """The lines of a task's log."""
        path = f"/api/v2/dags/{dag}/dagRuns/{quote(run, safe='')}/taskInstances/{task}/logs/{attempt}"
        content = self.get(path, map_index=map_index, full_content=True)["content"]
        lines = []
        for entry in content:
            text = (
                entry
                if isinstance(entry, str)
                else " ".join(str(entry[key]) for key in ("timestamp", "level", "event") if entry.get(key))
            )
            details = entry.get("error_detail") if isinstance(entry, dict) else None
            lines += [text, *(f"  {each.get('exc_type')}: {each.get('exc_value')}" for each in details or ())]
        return lines

    def _why(self, dag: str, run: str) -> str:
        failed = sorted(
            (task for task in self.tasks(dag, run) if task["state"] == "failed"),
            key=lambda task: task["end_date"] or "",
        )
        if not failed:
            return f"{dag} {run} failed"
        task = failed[0]
        lines = self.log(dag, run, task["task_id"], task["try_number"], task["map_index"])
        return "\n".join([f"{dag} {run} failed in {task['task_id']}; the end of its log:", *lines[-40:]])

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
        """One request, repeated once after a new login, and while the server restarts (reads only)."""
        for attempt in range(20):
            try:
                response = self._http.request(method, path, **request)
            except httpx.TransportError:
                if method != "GET" or attempt == 19:
                    raise
                time.sleep(1)
                continue
            if response.status_code == 401 and attempt < 2:
                self._log_in()
                continue
            return response
        raise AssertionError("unreachable")

    def _log_in(self) -> None:
        response = self._http.post("/auth/token", json=self._login)
        response.raise_for_status()
        self._http.headers["Authorization"] = f"Bearer {response.json()['access_token']}"
