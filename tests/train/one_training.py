"""A training in a process of its own, so that a test can kill it: `python -m tests.train.one_training …`."""

from __future__ import annotations

import sys
from pathlib import Path

from medpipe.backends.trl.trainer import TrlTrainer
from medpipe.core.teaching.recipe import Recipe


def main(models: str, recipe: str, data: str, out: str, work: str) -> None:
    """Train as `recipe` (JSON) says, and print one line for each report of progress."""
    TrlTrainer(Path(models), threads=1, offline=True).train(
        Recipe.model_validate_json(recipe),
        Path(data),
        None,
        Path(out),
        Path(work),
        lambda share, text: print(f"{share:.3f}", flush=True),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
