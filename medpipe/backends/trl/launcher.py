"""Starts the ranks of a training on this machine, and ends all of them as soon as one fails.

    python -m medpipe.backends.trl.launcher FOLDER

It is a process of its own, because torch's elastic agent sets handlers of signals and does not put them back.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from medpipe.backends.trl import ending
from medpipe.backends.trl.job import FAILED, JOB, LOGS, Failed, Job

_SECONDS = 10
"""How long a rank that is told to end may take before it is killed."""


def main(folder: str) -> int:
    """Run the ranks of the job in `folder` to their end. Returns 1, after saying in a file which failed, if one did."""
    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, Std
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    ending.with_starter(lambda: os.kill(os.getpid(), signal.SIGTERM))
    place = Path(folder)
    job = Job.model_validate_json((place / JOB).read_bytes())
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=job.processes,
        run_id=place.name,
        rdzv_backend="c10d",
        rdzv_endpoint="127.0.0.1:0",  # any free port
        local_addr="127.0.0.1",
        max_restarts=0,  # the verb is run again, and goes on from the last checkpoint
        logs_specs=DefaultLogsSpecs(str(place / LOGS), redirects=Std.ERR),
        shutdown_timeout=_SECONDS,
    )
    try:
        elastic_launch(config, sys.executable)("-m", "medpipe.backends.trl.rank", folder)
    except ChildFailedError as error:
        (place / FAILED).write_text(first(error.failures).model_dump_json(), encoding="utf-8")
        return 1
    return 0


def first(failures: Mapping[int, Any]) -> Failed:
    """Return the failure that caused the others: a rank that was killed makes the rest fail when they wait for it."""
    killed = {rank: each for rank, each in failures.items() if each.exitcode < 0 and each.exitcode != -signal.SIGTERM}
    rank, failure = min((killed or failures).items(), key=lambda item: item[1].timestamp)
    return Failed(rank=rank, status=failure.exitcode, pid=failure.pid)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
