"""Tokens a second and memory of trainings on this GPU: medpipe's trainer beside plain scripts for the same job.

    make bench-gpu                      or python -m bench.gpu_training [--shapes 1.7B 3B 7B] [--arms plain medpipe …]

`bench.gpu_shapes` says which bases and rows, `bench.gpu_arms` which trainings. Each training is a process of its own.
Figures are written to bench/results/gpu.json, and shown in docs/performance.md; docs/gpus.md explains them. Shapes and
arms that are not measured this time keep their figures if they were measured on the same card. `--quick` trains a tiny
base, on a CPU too, and records nothing.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench import gpu_arms, gpu_shapes, run
from bench.measuring import run_child

NAME = "gpu"
_REFUSAL = (
    "bench-gpu needs an NVIDIA GPU, and torch sees none. Install the CUDA build of torch (`pip install torch`), or "
    "run `python -m bench.gpu_training --quick`, which trains a tiny base on the CPU and records nothing."
)


def main() -> int:
    """Measure the chosen shapes and arms, record the figures and print the rows of the table."""
    parser = argparse.ArgumentParser(prog="bench.gpu_training", description=__doc__.splitlines()[0])
    published = [name for name in gpu_shapes.SHAPES if name != "tiny"]
    parser.add_argument("--shapes", nargs="+", choices=published, default=published)
    parser.add_argument("--arms", nargs="+", choices=gpu_arms.NAMES, default=gpu_arms.NAMES)
    parser.add_argument("--quick", action="store_true", help="a tiny base, to see that everything runs")
    options = parser.parse_args()
    card = _card()
    if card is None and not options.quick:
        print(_REFUSAL, file=sys.stderr)
        return 2
    for name in ("tiny",) if options.quick else options.shapes:
        for shape in _measured(name, options.arms):
            figures = {"card": card or {"name": "no GPU"}, "shapes": {name: shape}}
            if not options.quick:
                run.record(NAME, merged(figures))
            print("\n".join(rows(figures)), flush=True)
    if not options.quick:
        run.write_page()
    return 0


def _card() -> dict[str, str] | None:
    """Return the GPU and the versions that its figures depend on; None without one."""
    from importlib.metadata import version

    import torch

    if not torch.cuda.is_available():
        return None
    packages = ("torch", "transformers", "trl", "peft", "bitsandbytes")
    return {"name": torch.cuda.get_device_name(), **{package: version(package) for package in packages}}


def _measured(name: str, arms: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Write a base, train each arm on it, and yield the base's figures with those of one arm.

    An arm that fails, as when the memory does not suffice, has `failed` instead of figures.
    """
    with tempfile.TemporaryDirectory(prefix="medpipe-bench-") as folder:
        base = {"like": gpu_shapes.SHAPES[name].like, **run_child("bench.gpu_shapes", name, folder)}
        for arm in arms:
            for left in ("work", "out"):
                shutil.rmtree(Path(folder) / left, ignore_errors=True)
            try:
                figures = run_child("bench.gpu_arms", arm, folder, name, time.time())
            except RuntimeError as error:
                figures = {"failed": str(error)}
            yield {**base, "arms": {arm: figures}}


def merged(measured: dict[str, Any]) -> dict[str, Any]:
    """Return the recorded figures with what was measured now; those of another card or version are dropped."""
    file = run.RESULTS / f"{NAME}.json"
    before = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    shapes: dict[str, Any] = before["shapes"] if before.get("card") == measured["card"] else {}
    for name, figures in measured["shapes"].items():
        arms = shapes.get(name, {}).get("arms", {}) | figures["arms"]
        shapes[name] = {**figures, "arms": arms}
    return {"card": measured["card"], "shapes": shapes}


def rows(figures: dict[str, Any]) -> list[str]:
    """Return the figures as rows of the table."""
    return [
        f"| LoRA on the {name} shape, one {figures['card']['name']}: {gpu_arms.LABELS[arm]} | {_said(result)} |"
        for name, shape in figures["shapes"].items()
        for arm, result in shape["arms"].items()
        if "failed" not in result
    ]


def _said(result: dict[str, Any]) -> str:
    memory = f", {result['card_gib']:.1f} GiB" if "card_gib" in result else ""
    return f"{result['tokens_per_s']:,.0f} tokens/s{memory}, loss {result['loss']:.3f}"


if __name__ == "__main__":
    sys.exit(main())
