"""Day 1 with a kill -9 in the middle ends in the same champion as day 1 in peace, byte for byte."""

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
    """The processes that train, by their command line."""
    return [
        process
        for process in marked(stack.servers["airflow-scheduler"].mark)
        if process.cmdline()[2:4] == ["medpipe.cli", "train"]
    ]


def day_one(var: Path, disturb: Callable[[Stack], bool]) -> tuple[str, int]:
    """The champion's weights' digest after day 1, and how often a process was killed."""
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
    return any((Path(stack.environment["MEDPIPE_HOME"]) / "work").rglob("checkpoint-*"))


@pytest.fixture(scope="module")
def peaceful(tmp_path_factory) -> str:
    return day_one(tmp_path_factory.mktemp("peaceful"), lambda stack: False)[0]


def test_a_killed_training_is_resumed_and_ends_in_the_same_weights(peaceful, tmp_path):
    def kill(stack: Stack) -> bool:
        found = training(stack)
        if not found or not checkpointed(stack):
            return False
        found[0].kill()
        return True

    digest, killed = day_one(tmp_path, kill)
    assert killed == 1, "the training ended before it could be killed"
    assert digest == peaceful


def test_a_killed_scheduler_comes_back_and_ends_in_the_same_weights(peaceful, tmp_path):
    def kill(stack: Stack) -> bool:
        process = stack.servers["airflow-scheduler"].process
        if process is None or not checkpointed(stack):
            return False
        os.kill(process.pid, signal.SIGKILL)
        return True

    digest, killed = day_one(tmp_path, kill)
    assert killed == 1
    assert digest == peaceful
