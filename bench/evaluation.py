"""Time the answers of an evaluation by vLLM and by transformers in batches of 8: `make bench-evaluation`.

    python -m bench.evaluation [--samples N] [--data FOLDER] [--adapter FOLDER] [--quick]

The base is SmolLM2-135M-Instruct. It answers MedQuAD's questions by the prompts and the limit of the recipe
`demo-real`, through the generators that `medpipe evaluate` calls, in float32. The adapter is an untrained one unless
you name another: it changes no answer, and costs what a trained one of its shape costs. Figures are written to
bench/results/evaluation.json and docs/performance.md. `--quick` records nothing.

Measure on an idle machine. The engine is a session of its own, and Linux (sched(7), autogroups) gives each session an
equal share of a busy processor: beside other work it gets more of it than transformers in this process. Processor time
is measured too, and other work changes it little.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from bench import run
from bench.measuring import timed
from medpipe.backends.transformers_generator import TransformersGenerator
from medpipe.backends.vllm_engine import CONCURRENCY, VllmEngine
from medpipe.chat_templates import template_of
from medpipe.configuration import load_named
from medpipe.core import prompt
from medpipe.core.contract import Ending
from medpipe.core.naming import evaluation_name
from medpipe.core.teaching.recipe import Recipe
from medpipe.ports import Generator
from medpipe.sandbox.real import servers
from medpipe.sandbox.servers import models
from medpipe.sandbox.smollm2 import NAME as BASE
from medpipe.sandbox.smollm2 import make_smollm2
from medpipe.settings import Settings
from medpipe.sources.curated import medquad

NAME = "evaluation"
SAMPLES = 1000
BATCH = 8
"""Prompts that transformers generates together, as a script for one small GPU or a CPU would."""
_SEED = 17
_RECIPE = "demo-real"
_PATIENCE = 600.0
"""Seconds for one answer: many at once on a busy CPU are slow."""


class Job(NamedTuple):
    """What every arm is asked."""

    prompts: tuple[str, ...]
    ending: Ending
    adapter: Path


class Arm(NamedTuple):
    """One way to answer; `adapter`: whether an adapter is beside the base."""

    name: str
    engine: bool
    together: int
    adapter: bool


MANY = 64
"""More completions at once than `medpipe evaluate` asks for."""
ARMS = (
    Arm("transformers", False, BATCH, True),
    Arm("vllm", True, CONCURRENCY, True),
    Arm("vllm-many", True, MANY, True),
    Arm("transformers-base", False, BATCH, False),
    Arm("vllm-base", True, CONCURRENCY, False),
    Arm("vllm-base-many", True, MANY, False),
)
"""A base without an adapter is as fast as one that an adapter was merged into."""
_PEERS = {True: "transformers", False: "transformers-base"}
"""Whether there is an adapter → the arm that the others are compared with."""


def main() -> int:
    """Measure every arm, record the figures and print the rows of the table."""
    parser = argparse.ArgumentParser(prog="bench.evaluation", description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--data", type=Path, default=run.ROOT.parent / "shared" / "data", help="has medquad/")
    parser.add_argument("--adapter", type=Path, help="an adapter of the base (default: an untrained one)")
    parser.add_argument("--quick", action="store_true", help="a few answers, to see that everything runs")
    options = parser.parse_args()
    if not (options.data / "medquad").is_dir():
        parser.error(f"{options.data / 'medquad'} is not there: name the folder of the sets with --data")
    folder = make_smollm2(models(run.ROOT), _report)
    with tempfile.TemporaryDirectory(prefix="medpipe-bench-") as work:
        recipe = load_named(Settings(home=Path(work)).recipes, _RECIPE, "recipe", Recipe)
        if options.quick:
            recipe = recipe.model_copy(update={"max_new_tokens": 16})
        adapter = options.adapter or untrained(recipe, folder, Path(work) / "adapter")
        asked = questions(options.data / "medquad", 24 if options.quick else options.samples)
        template = template_of(recipe, models(run.ROOT))
        prompts = tuple(prompt.render(question, template=template) for question in asked)
        job = Job(prompts, Ending(recipe.max_new_tokens, None), adapter)
        figures = {"adapter": "trained" if options.adapter else "untrained", **measure(job, Path(work), folder)}
    if not options.quick:
        run.record(NAME, figures)
        run.write_page()
    print("\n".join(rows(figures)))
    return 0


def questions(folder: Path, count: int) -> list[str]:
    """Return so many different questions of MedQuAD that have an answer, by chance, the same each time.

    Raises RuntimeError where there are fewer.
    """
    known = {
        pair["question"]: None
        for file in sorted(folder.glob("*_QA*"))
        for _, row in medquad.rows(file)
        if isinstance(row, Mapping)
        for pair in row["qa"]
        if pair["answer"]
    }
    if len(known) < count:
        raise RuntimeError(f"{folder} has {len(known)} answered questions, and {count} are to be asked")
    return random.Random(_SEED).sample(list(known), count)


def untrained(recipe: Recipe, base: Path, out: Path) -> Path:
    """Write an adapter of the recipe's shape as training begins with it: it adds nothing to any layer."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    assert recipe.lora is not None
    torch.manual_seed(_SEED)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **recipe.lora.model_dump())).save_pretrained(out)
    return out


def measure(job: Job, work: Path, base: Path) -> dict[str, Any]:
    """Return the figures of every arm. The engine is started after the arms that do without it."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)

    def count(text: str) -> int:
        return len(tokenizer(text).input_ids)

    answers: dict[str, list[str]] = {}
    figures: dict[str, Any] = {"samples": len(job.prompts), "max_new_tokens": job.ending.max_new_tokens, "arms": {}}
    for arm in (arm for arm in ARMS if not arm.engine):
        generator = TransformersGenerator(models(run.ROOT), servers.THREADS, batch=arm.together)
        figures["arms"][arm.name], answers[arm.name] = _asked(arm, generator, job, count)
    variables = servers.environment(work, models(run.ROOT), work, None)
    engine = servers.engine(variables, work)
    engine.start()
    try:
        figures["engine_start_s"] = round(engine.wait_ready(), 1)
        assert engine.process is not None
        pid = engine.process.pid
        warm_up = VllmEngine(variables[servers.ENGINE])
        warm_up.generate(BASE, None, "", job.prompts[:2], Ending(4, None), _silent)  # its first burst is slow
        for arm in (arm for arm in ARMS if arm.engine):
            client = VllmEngine(variables[servers.ENGINE], concurrency=arm.together, timeout=_PATIENCE)
            figures["arms"][arm.name], answers[arm.name] = _asked(arm, client, job, count, pid)
    finally:
        engine.stop()
    for arm in ARMS:
        given = zip(answers[arm.name], answers[_PEERS[arm.adapter]], strict=True)
        figures["arms"][arm.name]["equal"] = sum(ours == theirs for ours, theirs in given)
    return figures


def _asked(
    arm: Arm, generator: Generator, job: Job, count: Callable[[str], int], server: int | None = None
) -> tuple[dict[str, Any], list[str]]:
    """Return the figures of one arm, and its answers. The seconds have all that a call does, loading weights too.

    `server`: the id of the engine's process. Processor time is that of this process, the engine's and its children's:
    beside other work it says more than the seconds.
    """
    adapter = job.adapter if arm.adapter else None
    name = evaluation_name("untrained", f"{random.randrange(2**32):08x}")
    before = _processor_seconds(server)
    seconds, texts = timed(lambda: generator.generate(BASE, adapter, name, job.prompts, job.ending, _silent))
    used = _processor_seconds(server) - before
    lengths = [count(text) for text in texts]
    figures = {
        "together": min(arm.together, len(texts)),
        "seconds": round(seconds, 1),
        "processor_s": round(used, 1),
        "samples_per_s": round(len(texts) / seconds, 3),
        "tokens": sum(lengths),
        "tokens_per_s": round(sum(lengths) / seconds, 1),
        "at_the_limit": sum(length >= job.ending.max_new_tokens - 1 for length in lengths),
    }
    _report(f"{arm.name}: {figures}")
    return figures, texts


def _processor_seconds(server: int | None) -> float:
    used = time.process_time()
    if server is not None:
        whole = psutil.Process(server)
        for process in (whole, *whole.children(recursive=True)):
            used += sum(process.cpu_times()[:2])
    return used


def rows(figures: dict[str, Any]) -> list[str]:
    """Return the figures as rows of the table."""
    what = (
        f"answer {figures['samples']:,} questions of MedQuAD in at most {figures['max_new_tokens']} tokens by "
        "SmolLM2-135M in float32"
    )
    article = "an" if figures["adapter"] == "untrained" else "a"
    beside = {True: f"{article} {figures['adapter']} adapter", False: "no adapter"}
    return [
        f"| {what}, {beside[arm.adapter]}: {'vLLM' if arm.engine else 'transformers `generate`'}, "
        f"{figures['arms'][arm.name]['together']} at a time | {_said(arm, figures)} |"
        for arm in ARMS
    ]


def _said(arm: Arm, figures: Mapping[str, Any]) -> str:
    measured, peer = figures["arms"][arm.name], figures["arms"][_PEERS[arm.adapter]]
    said = f"{measured['samples_per_s']:.2f} answers/s, {measured['tokens_per_s']:.0f} tokens/s"
    if not arm.engine:
        return said
    ratio, work = measured["samples_per_s"] / peer["samples_per_s"], peer["processor_s"] / measured["processor_s"]
    equal = f"{measured['equal']} of {figures['samples']:,} answers equal"
    return f"{said}, **{ratio:.2f} ×** (by processor time {work:.2f} ×); {equal}"


def _silent(share: float, text: str) -> None:
    """Report nothing."""


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
