"""The folder of benchmarks of the run: as shipped, but with fewer questions, graded answers, and plans of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from medpipe.settings import Settings

EVERY = 3
"""Of the questions about safety, every third one is asked: a model of this size writes to its limit, on two cores."""
_SHORTENED = ("red-team", "red-team-unscreened", "over-refusal")
_GRADED = ("new-knowledge", "unseen")
"""Benchmarks whose answers are graded by token F1 here: few published paragraphs have one word that decides."""


def write(folder: Path) -> Path:
    """Write the folder anew and return it."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(Settings.model_fields["benchmarks"].default, folder)
    for name in (*_SHORTENED, *_GRADED):
        path = folder / f"{name}.yaml"
        benchmark = yaml.safe_load(path.read_text(encoding="utf-8"))
        if name in _GRADED:
            benchmark["scorer"] = "token_f1"
        else:
            benchmark["questions"] = benchmark["questions"][::EVERY]
        path.write_text(yaml.safe_dump(benchmark, allow_unicode=True, sort_keys=False), encoding="utf-8")
    shutil.copyfile(Path(__file__).with_name("plans.yaml"), folder / "gates.yaml")
    return folder
