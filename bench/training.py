"""Time a training by `medpipe train` beside a plain script of TRL for the same rows: `make bench-training`.

    python -m bench.training [--data FOLDER] [--share S] [--quick]

The base is SmolLM2-135M-Instruct, the rows are real ones of MedQuAD, the recipe is `demo-real` for one epoch. Every arm
is a process of its own, timed from its start to its end, with the same threads (`bench.training_script` says how the
plain scripts differ). Afterwards one program measures the loss of every adapter on answers that no arm was taught.
Figures are written to bench/results/training.json and docs/performance.md. `--quick` records nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml
from numpy.typing import NDArray
from rich.console import Console

from bench import run
from medpipe import records
from medpipe.backends.transformers_generator import TransformersGenerator
from medpipe.chat_templates import template_of
from medpipe.configuration import load_named
from medpipe.core import prompt
from medpipe.core.contract import Ending
from medpipe.core.judging import measures
from medpipe.core.judging.evaluation import Sample
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.passages import formed
from medpipe.core.teaching.recipe import Recipe
from medpipe.sandbox.real import data, servers
from medpipe.sandbox.real.verbs import Verbs
from medpipe.sandbox.servers import models
from medpipe.sandbox.smollm2 import NAME as BASE
from medpipe.sandbox.smollm2 import make_smollm2
from medpipe.settings import Settings

NAME = "training"
SHARE = 0.02
"""Share of MedQuAD's documents that are taught or asked."""
HELD_OUT = 24
"""Answers that no arm was taught, on which the loss is measured."""
_SHIPPED = "demo-real"
_EVER = ("--start", "2000-01-01", "--end", "2100-01-01")
_STEP = re.compile(r"step (\d+) of (\d+)$")
_ARMS: Mapping[str, Mapping[str, Any]] = {
    "medpipe": {},
    "ungrouped": {"train_sampling_strategy": "random"},
}
"""medpipe's arms → settings that differ from the recipe's."""
LABELS = {
    "plain": "TRL's QLoRA script, with what TRL sets by itself (bf16, checkpointed activations)",
    "careful": "the same script in float32, activations kept",
    "medpipe": "`medpipe train`, 4 rows twice a step, grouped by length",
    "ungrouped": "the same, rows in random order",
}
"""In the order of the measurement."""


class Job(NamedTuple):
    """What every arm trains on, and where."""

    home: Path
    examples: str
    environment: Mapping[str, str]
    recipe: Recipe


class Ran(NamedTuple):
    """A process that has ended."""

    seconds: float
    processor_s: float
    """Processor time, of which other work takes nothing."""
    mib: int
    """The most memory that it had."""
    steps: Mapping[int, float]
    """Number of a step, from 1, → when it ended, in seconds since the start."""
    said: str
    """The last line of its output."""


def main() -> int:
    """Measure every arm, record the figures and print the rows of the table."""
    parser = argparse.ArgumentParser(prog="bench.training", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=run.ROOT.parent / "shared" / "data", help="has medquad/")
    parser.add_argument("--share", type=float, default=SHARE, help="of MedQuAD's documents")
    parser.add_argument("--arms", nargs="+", choices=LABELS, default=list(LABELS))
    parser.add_argument("--quick", action="store_true", help="two steps, to see that everything runs")
    options = parser.parse_args()
    make_smollm2(models(run.ROOT), _report)
    with tempfile.TemporaryDirectory(prefix="medpipe-bench-") as folder:
        job = prepared(Path(folder), options.data.resolve(), options.share, 2 if options.quick else -1)
        figures = measure(job, options.arms)
    if not options.quick:
        run.record(NAME, figures)
        run.write_page()
    print("\n".join(rows(figures)))
    return 0


def prepared(home: Path, sets: Path, share: float, max_steps: int = -1) -> Job:
    """Build the examples by the verbs, and write what the plain scripts read. `max_steps`: fewer steps; -1: all."""
    present = data.lay_out(("medquad",), sets, home / "curated").present
    if not present:
        raise RuntimeError(f"{sets} has no folder medquad: name the folder of the sets with --data")
    recipes = Path(shutil.copytree(Settings(home=home).recipes, home / "recipes", dirs_exist_ok=True))
    shipped = yaml.safe_load((recipes / f"{_SHIPPED}.yaml").read_text(encoding="utf-8"))
    shipped["data"] |= {"sources": {"medquad": share}, "unseen": {"medquad": 0.25}, "safety_examples": False}
    shipped["trainer"] |= {"num_train_epochs": 1, "max_steps": max_steps, "logging_steps": 1, "save_steps": 100_000}
    for name, settings in _ARMS.items():
        named = {**shipped, "name": name, "trainer": {**shipped["trainer"], **settings}}
        (recipes / f"{name}.yaml").write_text(yaml.safe_dump(named), encoding="utf-8")
    environment = servers.environment(home, models(run.ROOT), home / "curated", None)
    environment |= {"MEDPIPE_RECIPES": str(recipes), "MEDPIPE_BENCHMARKS": str(Settings(home=home).benchmarks)}
    verbs = Verbs(environment, home, Console(stderr=True))
    documents = verbs("pull", "pull", "--source", "medquad", *_EVER)
    verbs("validate", "validate", "--data", documents, "--suite", "documents")
    corpus = verbs("corpus", "build-corpus", "--pulls", documents)
    examples = verbs("examples", "build-examples", "--corpus", corpus, "--recipe", "medpipe")
    verbs("validate", "validate", "--data", examples, "--suite", "examples")
    recipe = load_named(recipes, "medpipe", "recipe", Recipe)
    job = Job(home, examples, environment, recipe)
    (home / "recipe.json").write_text(recipe.model_dump_json(), encoding="utf-8")
    (home / "base").write_text(str(models(run.ROOT) / BASE), encoding="utf-8")
    with (home / "rows.jsonl").open("w", encoding="utf-8") as file:
        for asked, answered in taught(job):
            file.write(json.dumps({"prompt": asked, "completion": answered}) + "\n")
    return job


def taught(job: Job) -> list[tuple[str, str]]:
    """Return prompt and completion of every row, as medpipe's trainer makes them."""
    texts = _renderer(job.recipe)
    return [texts(row.question, row.context, row.answer) for row in records.read(_folder(job) / "train.jsonl", Example)]


def held_out(job: Job) -> list[tuple[str, str, str]]:
    """Return prompt, completion and cluster of answers that no arm was taught."""
    texts = _renderer(job.recipe)
    read = sorted(records.read(_folder(job) / "benchmarks" / "unseen.jsonl", Sample), key=lambda sample: sample.id)
    free = [sample for sample in read if not sample.choices]
    asked = random.Random(job.recipe.seed).sample(free, min(HELD_OUT, len(free)))
    return [(*texts(sample.question, sample.context, sample.target), sample.cluster) for sample in asked]


def _renderer(recipe: Recipe) -> Callable[[str, str, str], tuple[str, str]]:
    """Return what makes prompt and completion of a question, a passage and an answer. The base is read once."""
    template, answers = template_of(recipe, models(run.ROOT)), recipe.data.answers

    def texts(question: str, context: str, answer: str) -> tuple[str, str]:
        return prompt.render(question, context, template), prompt.completion(formed(answer, answers), answers, template)

    return texts


def _folder(job: Job) -> Path:
    return Path(job.environment["MEDPIPE_HOME"]) / "artifacts" / job.examples


def measure(job: Job, arms: Sequence[str]) -> dict[str, Any]:
    """Train every arm, then measure the loss of every adapter; return the figures."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(models(run.ROOT) / BASE)
    lengths = [len(tokenizer(asked + answered).input_ids) for asked, answered in taught(job)]
    figures: dict[str, Any] = {"rows": len(lengths), "tokens": sum(lengths), "threads": servers.THREADS, "arms": {}}
    adapters: dict[str, Path] = {}
    for arm in arms:
        if arm in _ARMS:
            ran = timed_run(("-m", "medpipe.cli", "train", "--recipe", arm, "--data", job.examples), job.environment)
            adapters[arm] = Path(job.environment["MEDPIPE_HOME"]) / "artifacts" / ran.said
        else:
            ran = timed_run(("-m", "bench.training_script", arm, str(job.home)), job.environment)
            adapters[arm] = job.home / "out" / arm
        figures["arms"][arm] = {**speed(ran, lengths), "mib": ran.mib}
        _report(f"{arm}: {figures['arms'][arm]}")
    read = losses(job, {**adapters, "base": None})
    figures["held_out"], figures["base"] = len(held_out(job)), read.pop("base")
    for arm, loss in read.items():
        figures["arms"][arm] |= loss
    return figures


def timed_run(arguments: Sequence[str], environment: Mapping[str, str]) -> Ran:
    """Run this Python to its end; its steps are told by lines such as `step 3 of 12`. Raises RuntimeError."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    steps: dict[int, float] = {}
    lines: list[str] = []
    for line in process.stderr:
        lines.append(line)
        if said_step := _STEP.search(line.strip()):
            steps[int(said_step[1])] = time.monotonic() - began
    said = process.stdout.read().strip().rpartition("\n")[2]
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(arguments)} ended with {process.returncode}:\n{''.join(lines[-15:])}")
    return Ran(time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024, steps, said)


def speed(ran: Ran, lengths: Sequence[int]) -> dict[str, Any]:
    """Return how long a training took, whole and in its steps. `lengths`: tokens of each row, without padding.

    The start-up is all that comes before the first step; the steps after it are measured.
    """
    (first, began), (last, ended) = min(ran.steps.items()), max(ran.steps.items())
    a_step = (ended - began) / (last - first)
    return {
        "seconds": round(ran.seconds, 1),
        "processor_s": round(ran.processor_s, 1),
        "start_up_s": round(began - first * a_step, 1),
        "steps": last,
        "s_per_step": round(a_step, 2),
        "tokens_per_s": round(sum(lengths) / last / a_step, 1),
    }


def losses(job: Job, adapters: Mapping[str, Path | None]) -> dict[str, dict[str, Any]]:
    """Return the loss in nats a token of each adapter on the held-out answers, and its change from the first one's.

    One program reads for all, with the base in NF4. Intervals are of a bootstrap over documents.
    """
    reader = TransformersGenerator(models(run.ROOT), servers.THREADS, precision="nf4")
    asked = held_out(job)
    texts, clusters = [(before, after) for before, after, _ in asked], [cluster for _, _, cluster in asked]
    ending = Ending(job.recipe.max_new_tokens, None)
    read = {arm: reader.likelihoods(BASE, folder, texts, ending, _silent) for arm, folder in adapters.items()}
    first = next(iter(read.values()))
    found = {}
    for arm, given in read.items():
        compared = measures.of_sums("unseen", "loss", first, given, clusters, nats, better="lower")
        found[arm] = {"loss": compared.after.model_dump(), "change": compared.change.model_dump()}
        _report(f"{arm}: {compared}")
    return found


def nats(sums: NDArray[np.float64]) -> float:
    """Return the loss in nats a token from the sums of log-likelihoods and of tokens."""
    return -float(sums[0]) / float(sums[1])


def rows(figures: dict[str, Any]) -> list[str]:
    """Return the figures as rows of the table."""
    what = f"QLoRA of SmolLM2-135M on {figures['rows']} rows of MedQuAD, {figures['threads']} threads"
    return [f"| {what}: {LABELS[arm]} | {_said(arm, figures['arms'])} |" for arm in LABELS if arm in figures["arms"]]


def _said(arm: str, arms: Mapping[str, Mapping[str, Any]]) -> str:
    measured = arms[arm]
    said = (
        f"{measured['seconds']:.0f} s, of the processor {measured['processor_s']:.0f} s; "
        f"{measured['tokens_per_s']:.0f} tokens/s, {measured['mib']:,} MB, loss {measured['loss']['value']:.3f}"
    )
    faster = [
        f"{arms[peer]['seconds'] / measured['seconds']:.2f} × as fast as {name} (processor "
        f"{arms[peer]['processor_s'] / measured['processor_s']:.2f} ×)"
        for peer, name in (("plain", "TRL's script"), ("careful", "that in float32"))
        if arm in _ARMS and peer in arms
    ]
    return "; ".join((said, *faster))


def _silent(share: float, text: str) -> None:
    """Report nothing."""


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
