"""Day 1 with a killed training and a killed scheduler ends in the champion of the demo's day 1, byte for byte."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Sequence
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
SCHEDULER = "airflow-scheduler"


class Killer:
    """Kills the training's process once it can be resumed, and the scheduler while the training is resumed."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.victims: list[psutil.Process] = []

    def look(self, tasks: Sequence[dict[str, Any]]) -> None:
        """Kill the next process, if it is its turn; called about once a second while the DAG retrain runs."""
        training = self._training()
        if len(self.victims) == 2 or not self._checkpointed() or not training or training[0] in self.victims:
            return
        scheduler = self._stack.servers[SCHEDULER].process
        assert scheduler is not None
        victim = psutil.Process(scheduler.pid) if self.victims else training[0]
        victim.send_signal(signal.SIGKILL)
        self.victims.append(victim)

    def _training(self) -> list[psutil.Process]:
        found = []
        for process in marked(self._stack.servers[SCHEDULER].mark):
            with contextlib.suppress(psutil.Error):  # it ended meanwhile
                if process.cmdline()[2:4] == ["medpipe.cli", "train"]:
                    found.append(process)
        return found

    def _checkpointed(self) -> bool:
        return any((Path(self._stack.environment["MEDPIPE_HOME"]) / "work").rglob("checkpoint-*"))


def test_a_killed_training_and_a_killed_scheduler_end_in_the_same_weights(
    results: dict[str, Any], tmp_path: Path
) -> None:
    stack = Stack(tmp_path)
    killer = Killer(stack)
    stack.up()
    try:
        story = Story(stack, Console(width=120))
        story.narrator.airflow.wait_for_dags(set(ALL_DAGS))
        story.publish(1)
        story.watched(expected="retrain")
        story.narrator.next_run("retrain", when=killer.look)
        judged = story.rolled_out()
    finally:
        stack.down()
    assert len(killer.victims) == 2, "the training ended before both could be killed"
    assert judged["promoted"]
    assert judged["adapter_digest"] == results["days"][0]["adapter_digest"]
