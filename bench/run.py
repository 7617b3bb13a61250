"""Measure the parts of a day's work on this machine, beside other tools for the same job, and record the figures.

    make bench                          or python -m bench.run [parse merge …] [--records N] [--repeats N] [--quick]

Each kind of figure is a module with NAME, `measure(options)` and `rows(figures)`. Figures are written to
bench/results/NAME.json, and the table of all of them to docs/performance.md. A kind that is not measured this
time keeps its figures.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from bench.measuring import machine, replace_between

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- figures: written by make bench -->", "<!-- end of figures -->"
ALONE = ("million", "evaluation", "training", "gpu_training")
"""Kinds that take long, or need a real base or a GPU. Each has a make target of its own, which records it."""
MODULES = (
    "parsing",
    "parsers",
    "merging",
    "validating",
    "tracing",
    "near_duplicates",
    "decontamination",
    "swapping",
    "drift",
    "retention",
    "s3",
)


def main() -> int:
    """Measure the chosen kinds, record them unless the run is a quick one, and print the table."""
    kinds: dict[str, ModuleType] = {}
    for name in MODULES:
        module = importlib.import_module(f"bench.{name}")
        kinds[module.NAME] = module
    options = _options(tuple(kinds))
    for name in options.kinds or kinds:
        _report(f"{name}: measuring")
        with tempfile.TemporaryDirectory(prefix="medpipe-bench-") as folder:
            figures = kinds[name].measure(argparse.Namespace(**{**vars(options), "folder": Path(folder)}))
        _report(f"{name}: {figures}")
        if figures is not None and not options.quick:
            record(name, figures)
    if not options.quick:
        write_page()
    print(_table())
    return 0


def _options(kinds: tuple[str, ...]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kinds", nargs="*", metavar="kind", help=f"what to measure: {', '.join(kinds)} (default: all)")
    parser.add_argument("--records", type=int, default=30_000, help="records in the update file (default 30000)")
    parser.add_argument("--repeats", type=int, default=3, help="repeats where they are cheap; the median is recorded")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="a hundredth of the size, to see that everything runs; nothing is recorded",
    )
    options = parser.parse_args()
    if unknown := set(options.kinds) - set(kinds):
        parser.error(f"no kind {', '.join(sorted(unknown))}; choose from {', '.join(kinds)}")
    return options


def record(name: str, figures: Mapping[str, Any]) -> None:
    """Write the figures of a kind, with the machine that they depend on."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    whole = {"machine": machine(), **figures}
    (RESULTS / f"{name}.json").write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")


def write_page() -> None:
    """Write the table of all recorded figures into docs/performance.md."""
    replace_between(PAGE, BEGIN, END, _table())


def _table() -> str:
    """Return the recorded figures as Markdown."""
    host = machine()
    rows = [
        f"Measured with Python {host['python']} on {host['cores']} cores ({host['architecture']}).",
        "",
        "| what | figure |",
        "|---|---|",
    ]
    for module in (importlib.import_module(f"bench.{name}") for name in (*MODULES, *ALONE)):
        if (file := RESULTS / f"{module.NAME}.json").is_file():
            rows += module.rows(json.loads(file.read_text(encoding="utf-8")))
    return "\n".join(rows)


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
