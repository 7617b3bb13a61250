"""Follows what a step of the demo sets off: a published day, a verdict of the DAG watch, a retrain, a rollout.

Airflow is driven through its REST API only, and questions go to the service over HTTP.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape

from medpipe.errors import MedpipeError
from medpipe.sandbox import report
from medpipe.sandbox.asking import Probe, Service, topic_questions
from medpipe.sandbox.narrator import Narrator
from medpipe.sandbox.stack import Stack, last_line
from medpipe.sandbox.world import DAYS, World

Tasks = list[dict[str, Any]]


class Unexpected(MedpipeError):
    """All runs ended, but not with the result that the demo shows. The message says what came out instead."""


class Follower:
    """Starts and follows runs on a stack, and collects in `observed` what the report is written from."""

    def __init__(self, stack: Stack, console: Console) -> None:
        self.stack = stack
        self.console = console
        self.world = World(stack.seed)
        self.service = Service(stack.addresses.service)
        self.observed: dict[str, Any] = {"days": [], "held": [], "steps": []}
        self.narrator = Narrator(stack.airflow(), console)
        self.outcomes = report.Outcomes(stack.environment)

    def publish(self, day: int) -> None:
        """Let NLM publish a day, and run the corpus DAG on it."""
        httpx.post(f"{self.stack.addresses.nlm}/_sandbox/day", json={"day": day}, timeout=10).raise_for_status()
        start = DAYS[day]
        self.narrator.start("corpus", start=start.isoformat(), end=(start + timedelta(days=1)).isoformat())

    def watched(self, expected: str, asks: bool = True) -> None:
        """Follow the watch DAG; raises Unexpected unless its verdict is `expected` ("retrain" or "hold").

        `asks`: whether the DAG must ask for a retrain. It does not while a hotfix has to go first.
        """
        run = self.narrator.next_run("watch")
        verdict = self.narrator.value("watch", run, "verdict")
        self.console.print(
            f"  drift: [bold]{verdict['verdict']}[/] – {escape('; '.join(verdict['reasons']))}", highlight=False
        )
        if verdict["verdict"] != expected:
            raise Unexpected(f"detect_drift says {verdict}, expected {expected}")
        if bool(self.narrator.value("watch", run, "request_of")) is not asks:
            raise Unexpected(f"the DAG watch asked for {'no' if asks else 'a'} routine retrain: {verdict}")

    def retrained(self, when: Callable[[Tasks], None] | None = None) -> dict[str, Any]:
        """Follow the retraining that a DAG asked for, then its rollout; `when` sees the tasks meanwhile."""
        self.narrator.next_run("retrain", when=when)
        return self.rolled_out()

    def rolled_out(self) -> dict[str, Any]:
        """Follow the rollout of the new challenger; return the decision, its reasons and the metrics."""
        run = self.narrator.next_run("rollout")
        version = self.narrator.value("rollout", run, "rollout_request")["version"]
        serving = self.narrator.value("rollout", run, "deploy")
        judged = self.outcomes.judged(version) | {
            "promoted": serving == version,
            "champion": serving,
            "rollout_run": run,
        }
        self.observed["steps"].append(judged)
        if not judged["promoted"]:
            self.observed["held"].append(
                {key: judged[key] for key in ("challenger", "recipe", "decision", "reasons", "held")}
            )
        self.print_decision(judged)
        return judged

    def certified(self) -> dict[str, str]:
        """Follow the DAG certificates, which each promotion starts; return document → certificate of the champion."""
        run = self.narrator.next_run("certificates")
        return self.narrator.value("certificates", run, "certificates") or {}

    def rolled_out_under_traffic(self) -> tuple[dict[str, Any], Probe]:
        """Retrain and roll out, with a probe that starts asking when the comparison has ended."""
        probe = Probe(self.stack.addresses.service, topic_questions(self.world, 1))
        started = False

        def start_after_comparison(tasks: Tasks) -> None:
            nonlocal started
            if not started and any(task["task_id"] == "compare" and task["state"] == "success" for task in tasks):
                started = True
                probe.__enter__()

        try:
            judged = self.retrained(when=start_after_comparison)
            time.sleep(2)  # requests after the swap are measured too
        finally:
            if started:
                probe.__exit__()
        return judged, probe

    def swap_figures(self, judged: Mapping[str, Any], probe: Probe) -> dict[str, Any]:
        """Return what the probe measured during a rollout, as `report.json` has it."""
        return {
            "failed_requests": sum(probe.failed.values()),
            "total_requests": probe.total,
            "seconds": self.task_seconds(judged["rollout_run"], "deploy"),
            "handover_seconds": round(probe.handover, 3),
            "slowest_seconds": round(probe.slowest, 3),
            "faults": dict(probe.failed),
            "answers": dict(probe.versions),
        }

    def task_seconds(self, run: str, task: str) -> float:
        """Return how long a task of a run took."""
        return next(
            round(span.ended - span.started, 2) for span in self.narrator.spans if span.run == run and span.task == task
        )

    def print_decision(self, judged: Mapping[str, Any]) -> None:
        """Print whether a challenger was promoted or held, with the reasons."""
        colour, word = ("green", "promoted") if judged["promoted"] else ("yellow", "held")
        self.console.print(f"  [{colour} bold]{word}[/] {judged['challenger']}", highlight=False)
        held = None if judged["promoted"] else judged["held"]
        for reason in held["reasons"] if held else judged["reasons"]:
            self.console.print(f"    {escape(reason)}", highlight=False, style="dim")

    def medpipe(self, *arguments: str) -> str:
        """Run the command `medpipe` beside the servers, and return its value; raises Unexpected when it fails."""
        done = self.stack.medpipe(*arguments)
        if done.returncode:
            raise Unexpected(done.stderr.strip())
        return last_line(done.stdout)


def expect(truth: bool, otherwise: str, judged: Mapping[str, Any]) -> None:
    """Raise Unexpected with `otherwise` and the decision on a challenger, unless `truth`."""
    if not truth:
        raise Unexpected(f"{otherwise}: {judged['challenger']} {judged['decision']}: {'; '.join(judged['reasons'])}")
