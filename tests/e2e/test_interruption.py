"""Day 1 with a kill -9 during training ends in the same champion, byte for byte, as day 1 without one."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from rich.console import Console

from medpipe.sandbox.narrator import ALL_DAGS
from medpipe.sandbox.server import marked
from medpipe.sandbox.stack import Stack
from medpipe.sandbox.story import Story

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(2400)]


def training(stack: Stack) -> list[psutil.Process]:
    """Return the processes that train, by their command line."""
    return [
        process
        for process in marked(stack.servers["airflow-scheduler"].mark)
        if process.cmdline()[2:4] == ["medpipe.cli", "train"]
    ]


def day_one(var: Path, disturb: Callable[[Stack], bool]) -> tuple[str, int]:
    """Run day 1; return the digest of the champion's weights, and how often a process was killed.

    `disturb` is called while the training runs, until it returns True: it has then killed a process.
    """
    stack = Stack(var)
    killed = 0

    def while_training(tasks: list[dict[str, Any]]) -> None:
        nonlocal killed
        running = any(task["task_id"] == "train" and task["state"] == "running" for task in tasks)
        if running and not killed:
            killed += disturb(stack)

    stack.up()
    try:
        story = Story(stack, Console(width=120))
        story.narrator.airflow.wait_for_dags(set(ALL_DAGS))
        story.publish(1)
        story.watched(expected="retrain")
        story.narrator.next_run("retrain", when=while_training)
        judged = story.rolled_out()
        assert judged["promoted"]
        return judged["adapter_digest"], killed
    finally:
        stack.down()


def checkpointed(stack: Stack) -> bool:
    """Return whether the training has written a checkpoint to resume from."""
    return any((Path(stack.environment["MEDPIPE_HOME"]) / "work").rglob("checkpoint-*"))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> str:
    return day_one(tmp_path_factory.mktemp("undisturbed"), lambda stack: False)[0]


def test_a_killed_training_is_resumed_and_ends_in_the_same_weights(undisturbed, tmp_path):
    def kill(stack: Stack) -> bool:
        processes = training(stack)
        if not processes or not checkpointed(stack):
            return False
        processes[0].kill()
        return True

    digest, killed = day_one(tmp_path, kill)
    assert killed == 1, "the training ended before it could be killed"
    assert digest == undisturbed


def test_a_killed_scheduler_comes_back_and_ends_in_the_same_weights(undisturbed, tmp_path):
    def kill(stack: Stack) -> bool:
        process = stack.servers["airflow-scheduler"].process
        if process is None or not checkpointed(stack):
            return False
        os.kill(process.pid, signal.SIGKILL)
        return True

    digest, killed = day_one(tmp_path, kill)
    assert killed == 1, "the training ended before the scheduler could be killed"
    assert digest == undisturbed
