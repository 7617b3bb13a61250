"""The story: two days of an invented NLM, twice round the ring, on the real system.

    python -m medpipe.sandbox.demo [--exit]

Airflow is driven through its REST API only, and the service is asked over HTTP. The servers stay up until
Ctrl-C on a terminal; with --exit or without a terminal they are stopped.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from medpipe.sandbox import airflow_home, report
from medpipe.sandbox.airflow_rest import RunFailed
from medpipe.sandbox.asking import Probe, Service, by_user, claim_questions, topic_questions
from medpipe.sandbox.narrator import ALL_DAGS, Narrator
from medpipe.sandbox.server import ServerError
from medpipe.sandbox.stack import ROOT, Stack, stop
from medpipe.sandbox.world import DAYS, World

CARE = "Ask your care team before you act on this."
"""What the story's users miss in the answers: their corrections add it."""
FEEDBACK_QUESTIONS = 120


class Unexpected(RuntimeError):
    """The ring turned, but not as it should: the message says what came out instead."""


class Story:
    """The seven steps. Each leaves what it saw in `seen`, from which the report is written."""

    def __init__(self, stack: Stack, console: Console) -> None:
        self.stack = stack
        self.console = console
        self.world = World()
        self.service = Service(stack.addresses.service)
        self.seen: dict[str, Any] = {"days": [], "held": [], "steps": []}
        self.narrator = Narrator(stack.airflow(), console)
        self.facts = report.Facts(stack.environment)

    def tell(self) -> None:
        self.narrator.airflow.wait_for_dags(set(ALL_DAGS))
        with self.narrator.step("day 1", "Day 1 · the first model"):
            self.day_one()
        with self.narrator.step("control", "Control · the same training on shuffled answers must not pass"):
            self.control()
        with self.narrator.step("day 2 without replay", "Day 2 · a challenger that forgets"):
            self.day_two_without_replay()
        with self.narrator.step("day 2", "Day 2 · with replay, while a probe keeps asking"):
            self.day_two()
        with self.narrator.step("feedback", "Feedback · corrections become preference pairs and DPO"):
            self.feedback()
        with self.narrator.step("hotfix", "Hotfix · a retracted claim is withdrawn"):
            self.hotfix()

    def day_one(self) -> None:
        self.publish(1)
        self.watched(expected="retrain")
        judged = self.retrained()
        self.expect(judged["promoted"], "the first challenger was not promoted", judged)
        self.seen["days"].append({"day": 1, **judged})
        asked = topic_questions(self.world, 1)
        self.seen["sample"] = self.first_gain(judged)
        right = self.service.share_asserting(asked[::7])
        self.console.print(f"  the service answers {right:.0%} of {len(asked[::7])} held-out questions right")

    def control(self) -> None:
        self.narrator.start(
            "retrain", reason="control: shuffled answers", recipe="tiny-sft-shuffled", start_from="base"
        )
        judged = self.rolled_out()
        self.expect(not judged["promoted"], "the control was promoted", judged)
        self.seen["control"] = judged

    def day_two_without_replay(self) -> None:
        self.narrator.airflow.set_variable("medpipe_recipe_sft", "tiny-sft-no-replay")
        self.publish(2)
        self.watched(expected="retrain")
        judged = self.retrained()
        self.expect(not judged["promoted"], "the challenger without replay was promoted", judged)

    def day_two(self) -> None:
        self.narrator.airflow.set_variable("medpipe_recipe_sft", "tiny-sft")
        self.narrator.start("watch")
        probe = Probe(self.stack.addresses.service, topic_questions(self.world, 1))
        started = False

        def join_the_end(tasks: list[dict[str, Any]]) -> None:
            nonlocal started
            if not started and any(task["task_id"] == "compare" and task["state"] == "success" for task in tasks):
                started = True
                probe.__enter__()

        try:
            self.narrator.next_run("retrain", when=join_the_end)
            judged = self.rolled_out()
            time.sleep(2)
        finally:
            if started:
                probe.__exit__()
        self.expect(judged["promoted"], "the challenger with replay was not promoted", judged)
        self.seen["days"].append({"day": 2, **judged})
        self.seen["swap"] = {
            "failed_requests": sum(probe.failed.values()),
            "total_requests": probe.total,
            "seconds": self.task_seconds(judged["rollout_run"], "deploy"),
            "handover_seconds": round(probe.handover, 3),
            "slowest_seconds": round(probe.slowest, 3),
            "faults": dict(probe.failed),
            "answers": dict(probe.versions),
        }
        self.expect(not probe.failed, f"requests failed during the swap: {dict(probe.failed)}", judged)
        self.console.print(f"  [bold]{probe.total} requests during the swap, {sum(probe.failed.values())} failed[/]")

    def feedback(self) -> None:
        began = datetime.now(UTC) - timedelta(seconds=1)
        asked = topic_questions(self.world, 2)
        spread = asked[:: max(1, len(asked) // FEEDBACK_QUESTIONS)]
        for user, each in by_user(spread, FEEDBACK_QUESTIONS):
            answer = self.service.ask(each.question, user)
            if not answer.refused:
                self.service.rate(answer.answer_id, "down", f"{answer.text} {CARE}", user)
        ended = datetime.now(UTC) + timedelta(seconds=1)
        self.narrator.start("feedback", start=began.isoformat(), end=ended.isoformat())
        self.watched(expected="retrain")
        judged = self.retrained()
        self.seen["feedback"] = {**judged, **self.facts.pairs()}

    def hotfix(self) -> None:
        asked = claim_questions(self.world)
        before = self.service.share_asserting(asked)
        self.narrator.start(
            "retrain",
            documents=[self.world.retracted.pmid],
            recipe="tiny-sft",
            start_from="untainted",
            reason=f"PubMed {self.world.retracted.pmid} was retracted",
        )
        judged = self.rolled_out()
        after = self.service.share_asserting(asked)
        self.seen["hotfix"] = {**judged, "claim_before": before, "claim_after": after, "asked": len(asked)}
        self.console.print(f"  the withdrawn claim is asserted in {before:.0%} of answers before, {after:.0%} after")
        self.expect(judged["promoted"] and before > after == 0, "the hotfix did not remove the claim", judged)

    def publish(self, day: int) -> None:
        """NLM publishes a day; the corpus DAG reads it."""
        httpx.post(f"{self.stack.addresses.nlm}/_sandbox/day", json={"day": day}, timeout=10).raise_for_status()
        start = DAYS[day]
        self.narrator.start("corpus", start=start.isoformat(), end=(start + timedelta(days=1)).isoformat())

    def watched(self, expected: str) -> None:
        run = self.narrator.next_run("watch")
        verdict = self.narrator.value("watch", run, "verdict")
        self.console.print(f"  drift: [bold]{verdict['verdict']}[/] – {'; '.join(verdict['reasons'])}", highlight=False)
        if verdict["verdict"] != expected:
            raise Unexpected(f"detect_drift says {verdict}, expected {expected}")

    def retrained(self) -> dict[str, Any]:
        self.narrator.next_run("retrain")
        return self.rolled_out()

    def rolled_out(self) -> dict[str, Any]:
        """Follow the rollout that the new challenger woke; returns what was decided and why."""
        run = self.narrator.next_run("rollout")
        version = self.narrator.value("rollout", run, "rollout_request")["version"]
        serving = self.narrator.value("rollout", run, "deploy")
        judged = self.facts.judged(version) | {"promoted": serving == version, "champion": serving, "rollout_run": run}
        self.seen["steps"].append(judged)
        if not judged["promoted"]:
            self.seen["held"].append({key: judged[key] for key in ("challenger", "recipe", "decision", "reasons")})
        colour = "green" if judged["promoted"] else "yellow"
        self.console.print(
            f"  [{colour} bold]{'promoted' if judged['promoted'] else 'held'}[/] {judged['challenger']}",
            highlight=False,
        )
        for reason in judged["reasons"]:
            self.console.print(f"    {reason}", highlight=False, style="dim")
        return judged

    def first_gain(self, judged: dict[str, Any]) -> dict[str, str]:
        """One question that the base got wrong and the service answers right, asked of the service now."""
        for question, slot, base_answer in self.facts.gained(judged):
            answer = self.service.ask(question)
            if slot.lower() in answer.text.lower():
                self.console.print(
                    f"  asked: {question}\n    base: {base_answer}\n    {answer.version}: [bold]{answer.text}[/]",
                    highlight=False,
                )
                return {"question": question, "base": base_answer, "champion": answer.text}
        raise Unexpected("the service answers no question that the base could not")

    def task_seconds(self, run: str, task: str) -> float:
        return next(
            round(span.ended - span.started, 2) for span in self.narrator.spans if span.run == run and span.task == task
        )

    def expect(self, truth: bool, otherwise: str, judged: dict[str, Any]) -> None:
        if not truth:
            raise Unexpected(
                f"{otherwise}: {judged['challenger']} {judged['decision']}: {'; '.join(judged['reasons'])}"
            )


def table(told: dict[str, Any]) -> Table:
    """What came out, a row per challenger."""
    shown = Table(title="Twice round the ring", header_style="bold")
    for column in ("version", "recipe", "decision", "benchmark", "before", "after [95 %]", "n"):
        shown.add_column(column, overflow="fold")
    for judged in told["challengers"]:
        rows = judged["metrics"].items()
        for number, (name, after) in enumerate(rows):
            before = judged["incumbent_metrics"].get(name)
            decided = "promoted" if judged["promoted"] else f"held ({judged['decision']})"
            head = [judged["challenger"].removeprefix("version/"), judged["recipe"], decided]
            shown.add_row(
                *(head if number == 0 else [""] * 3),
                name,
                f"{before['value']:.3f}" if before else "–",
                f"{after['value']:.3f} [{after['low']:.3f}, {after['high']:.3f}]",
                str(after["n"]),
                end_section=number == len(rows) - 1,
            )
    return shown


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0 when the story ended as it should, 1 when it did not (the log of the failed task is shown)."""
    parser = argparse.ArgumentParser(
        prog="medpipe.sandbox.demo", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--exit", action="store_true", help="stop the servers at the end")
    parser.add_argument("--var", type=Path, default=ROOT / "var" / "demo", help="folder for all state; emptied first")
    options = parser.parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else 120)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    var = options.var.resolve()
    stop(var, lambda _: None)
    shutil.rmtree(var, ignore_errors=True)
    began = time.monotonic()
    stack = Stack(var, lambda text: console.print(f"  {text}", style="dim", highlight=False))
    try:
        console.rule("[bold]Start · NLM, Airflow, MLflow, vLLM, the service", align="left")
        stack.up()
        started = round(time.monotonic() - began, 1)
        _show_addresses(stack, console)
        story = Story(stack, console)
        story.narrator.seconds["start"] = started
        story.tell()
        told = report.write(story.seen, story.narrator, stack, time.monotonic() - began, var)
        console.print(table(told))
        swap = told["swap"]
        console.print(
            f"{swap['total_requests']} requests during the swap, {swap['failed_requests']} failed; "
            f"{told['seconds']['total']:.0f} s in all, {told['memory_gib']:.1f} GiB\n"
            f"{var / 'report.json'}\n{var / 'report.html'}"
        )
        if sys.stdout.isatty() and not options.exit:
            _show_addresses(stack, console)
            console.print("Ctrl-C stops the servers.")
            signal.pause()
    except KeyboardInterrupt:
        console.print("stopping")
    except (RunFailed, Unexpected, ServerError, TimeoutError, httpx.HTTPError) as error:
        console.print(f"[red bold]{type(error).__name__}[/]", str(error), markup=True, highlight=False, soft_wrap=True)
        return 1
    finally:
        stack.down()
    return 0


def _show_addresses(stack: Stack, console: Console) -> None:
    for name, address in stack.addresses._asdict().items():
        console.print(f"  {name:8} {address}", highlight=False)
    console.print(
        f"  board    {stack.addresses.airflow}/medpipe/board\n  login    {' / '.join(airflow_home.LOGIN)}",
        highlight=False,
    )


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    sys.exit(main())
