"""A training by several processes of one machine, each with its share of every step (DDP, arXiv:2006.15704).

Each process has a copy of the model and a GPU of its own, or a share of the CPU. A step has the same rows as in one
process, and the mean of the gradients is that of one process, but for the order of the sum. So the weights are equal
up to rounding, and not byte for byte; with an equal number of processes they are.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from medpipe import base_models, errors
from medpipe.backends.trl.checkpoints import last_whole_checkpoint
from medpipe.backends.trl.job import FAILED, FAULT, JOB, LOGS, METRICS, Failed, Job, Report
from medpipe.base_models import Prepared, nowhere
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import MedpipeError, Unavailable
from medpipe.ports import Progress

_PATIENCE = 30.0
"""Seconds that the launcher has to end its ranks before it is killed."""
_SHOWN = 2_000
"""Characters of a rank's log that an error repeats."""


class Ranks:
    """Implements `ports.Trainer` by `processes` processes of this machine, each of which runs `TrlTrainer`."""

    def __init__(
        self,
        processes: int,
        models: Path,
        threads: int = 1,
        offline: bool = True,
        prepared: Prepared = nowhere,
        sharded: bool = False,
    ) -> None:
        """Prepare; nothing is started yet. `threads`: torch's CPU threads of each process. Others as in TrlTrainer."""
        self._processes, self._models, self._threads, self._offline = processes, models, threads, offline
        self._prepared, self._sharded = prepared, sharded

    def train(
        self, recipe: Recipe, data: Path, start_from: Path | None, out: Path, work: Path, progress: Progress
    ) -> Mapping[str, float]:
        """Train as `ports.Trainer` says. The first process writes checkpoints and `out`.

        When one process ends before its time, all do. Raises what `TrlTrainer.train` raises in a process, ConfigError
        for a step that cannot be shared equally, and Unavailable when a process was killed: the checkpoints are kept.
        Of steps after the last one that is logged, `loss` counts the rows of the first process only.
        """
        began = time.monotonic()
        work.mkdir(parents=True, exist_ok=True)
        last_whole_checkpoint(work)  # removes torn ones: here, and not in every process at once
        job = Job(
            processes=self._processes,
            sharded=self._sharded,
            models=self._models,
            threads=self._threads,
            offline=self._offline,
            prepared=self._prepared(recipe.base) if base_models.is_prepared(recipe.base) else None,
            recipe=recipe,
            data=data,
            start_from=start_from,
            out=out,
            work=work,
        )
        with tempfile.TemporaryDirectory(prefix="medpipe-ranks-") as folder:
            place = Path(folder)
            (place / JOB).write_text(job.model_dump_json(), encoding="utf-8")
            with _launched(place) as launcher:
                assert launcher.stdout is not None
                for line in launcher.stdout:
                    if report := report_in(line):
                        progress(report.share, report.text)
                status = launcher.wait()
            if status:
                raise error_of(place, recipe, self._processes, status)
            metrics: dict[str, float] = json.loads((place / METRICS).read_text(encoding="utf-8"))
        return {**metrics, "seconds": round(time.monotonic() - began, 1)}


@contextmanager
def _launched(place: Path) -> Iterator[subprocess.Popen[str]]:
    """Start the launcher, and see that it has ended with all its ranks when the block ends."""
    command = [sys.executable, "-m", "medpipe.backends.trl.launcher", str(place)]
    log = (place / "launcher.log").open("w", encoding="utf-8")
    pipe = subprocess.PIPE
    with log, subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=log, text=True, errors="replace") as launcher:
        threading.Thread(target=_end_with, args=(launcher,), daemon=True).start()
        try:
            yield launcher
        finally:
            assert launcher.stdin is not None
            launcher.stdin.close()  # launcher and ranks end by this (`ending`)
            try:
                launcher.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                launcher.kill()


def _end_with(launcher: subprocess.Popen[str]) -> None:
    """End the ranks as soon as their launcher has ended: where it is killed, it cannot end them itself."""
    assert launcher.stdin is not None
    launcher.wait()
    launcher.stdin.close()


def report_in(line: str) -> Report | None:
    """Return the report of progress in a line; None for what a library printed."""
    try:
        return Report.model_validate_json(line)
    except ValidationError:
        return None


def error_of(place: Path, recipe: Recipe, processes: int, status: int) -> Exception:
    """Return the error of a training that failed: a rank's own, or one that says which rank ended and how."""
    for rank in range(processes):
        if (file := place / FAULT.format(rank)).is_file():
            name, _, message = file.read_text(encoding="utf-8").partition("\n")
            kind: type[MedpipeError] = getattr(errors, name)
            return kind(message)
    if not (place / FAILED).is_file():
        if status < 0:
            return Unavailable(
                f"recipe {recipe.name!r}: the launcher of {processes} processes was ended by "
                f"{signal.Signals(-status).name}, and they ended with it. No adapter was made, and the checkpoints are "
                f"kept: run the same command again. {_end_of(place)}"
            )
        return RuntimeError(f"the launcher of {processes} processes ended with status {status}: {_end_of(place)}")
    failed = Failed.model_validate_json((place / FAILED).read_bytes())
    if failed.status < 0:
        return Unavailable(
            f"recipe {recipe.name!r}: process {failed.rank + 1} of {processes} (pid {failed.pid}) was ended by "
            f"{signal.Signals(-failed.status).name}, perhaps for want of memory, and the others were ended with it. No "
            "adapter was made, and the checkpoints are kept: run the same command again, and it goes on from the last "
            "one"
        )
    return RuntimeError(f"process {failed.rank + 1} of {processes} failed: {_end_of(place, failed.rank)}")


def _end_of(place: Path, rank: int | None = None) -> str:
    """Return the end of what a rank, or the launcher, wrote on standard error."""
    pattern = "launcher.log" if rank is None else f"{LOGS}/*/*/{rank}/stderr.log"
    return "".join(file.read_text(encoding="utf-8", errors="replace") for file in place.glob(pattern))[-_SHOWN:]
