"""One of the processes that train together: `python -m medpipe.backends.trl.rank FOLDER`, by the launcher."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from medpipe.backends.trl import ending
from medpipe.backends.trl.job import FAULT, JOB, METRICS, Job, Report
from medpipe.backends.trl.trainer import TrlTrainer
from medpipe.base_models import nowhere
from medpipe.errors import MedpipeError
from medpipe.ports import Progress


def main(folder: str) -> int:
    """Train this rank's share of the job in `folder`, and return the exit status."""
    ending.with_starter(lambda: os._exit(1))
    place, rank = Path(folder), int(os.environ["RANK"])
    job = Job.model_validate_json((place / JOB).read_bytes())
    trainer = TrlTrainer(
        job.models,
        job.threads,
        job.offline,
        (lambda base: job.prepared or nowhere(base)),
        job.processes,
        job.sharded,
    )
    try:
        metrics = trainer.train(job.recipe, job.data, job.start_from, job.out, job.work, _progress(rank))
    except MedpipeError as error:
        write_whole(place / FAULT.format(rank), f"{type(error).__name__}\n{error}")
        return 1
    if rank == 0:
        write_whole(place / METRICS, json.dumps(dict(metrics)))
    return 0


def write_whole(file: Path, text: str) -> None:
    """Write a file that is there whole or not at all: the launcher may end this rank while it writes."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)


def _progress(rank: int) -> Progress:
    """Return what reports progress: on standard output by the first rank, and not at all by the others."""

    def report(share: float, text: str) -> None:
        if rank == 0:
            sys.stdout.write(f"{Report(share=share, text=text).model_dump_json()}\n")
            sys.stdout.flush()

    return report


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
