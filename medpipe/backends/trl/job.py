"""What a training by several processes is told, and what it tells: files in a folder that all of them can read.

    job.json         what to train (`Job`)
    metrics.json     what `train` returned, written by the first rank when it has finished
    fault-<rank>     the expected error of a rank: the name of its class, and its message
    failed.json      which process ended the training, and how (`Failed`)
    logs/            what each rank wrote on standard error

The first rank reports progress on standard output, one `Report` a line.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from medpipe.core.teaching.recipe import Recipe

JOB, METRICS, FAULT, FAILED, LOGS = "job.json", "metrics.json", "fault-{}", "failed.json", "logs"


class Job(BaseModel):
    """What every rank trains: the arguments of `TrlTrainer` and of its `train`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    processes: int
    sharded: bool
    models: Path
    threads: int
    offline: bool
    prepared: Path | None
    """The folder of the recipe's base, where that is a prepared one."""
    recipe: Recipe
    data: Path
    start_from: Path | None
    out: Path
    work: Path


class Report(BaseModel):
    """A report of progress."""

    share: float
    text: str


class Failed(BaseModel):
    """The process that ended a training."""

    rank: int
    status: int
    """Its exit status; negative: the signal that ended it."""
    pid: int
