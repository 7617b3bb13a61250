"""Measure what a day's work consists of, on this machine, beside its peers, and write it down.

    make bench                          or python -m bench.run [parse merge …] [--records N] [--repeats N] [--quick]

Each kind of figure has a module with NAME, `measure(options)` and `rows(figures)`. Figures go to
bench/results/NAME.json, and the table of all of them into docs/performance.md. A kind that is not measured
this time keeps the figures that it has.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- figures: written by make bench -->", "<!-- end of figures -->"
MODULES = ("parsing", "merging", "tracing", "near_duplicates", "decontamination", "swapping")


def main() -> int:
    kinds = {module.NAME: module for module in map(_module, MODULES)}
    options = _options(tuple(kinds))
    for name in options.kinds or kinds:
        _say(f"{name}: measuring")
        with tempfile.TemporaryDirectory(prefix="medpipe-bench-") as folder:
            figures = kinds[name].measure(argparse.Namespace(**{**vars(options), "folder": Path(folder)}))
        _say(f"{name}: {figures}")
        if figures is not None and not options.quick:
            _keep(name, {"machine": machine(), **figures})
    shown = _table(kinds)
    if not options.quick:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n\n{shown}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    print(shown)
    return 0


def machine() -> dict[str, Any]:
    """What a figure depends on, without saying whose machine it was."""
    return {"cores": os.cpu_count(), "architecture": platform.machine(), "python": platform.python_version()}


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"bench.{name}")


def _options(kinds: tuple[str, ...]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kinds", nargs="*", metavar="kind", help=f"which: {', '.join(kinds)} (default: all)")
    parser.add_argument("--records", type=int, default=30_000, help="records in the update file (default 30000)")
    parser.add_argument("--repeats", type=int, default=3, help="repeats where they are cheap; the median counts")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="a hundredth of the size, only to see that it runs; nothing is written down",
    )
    options = parser.parse_args()
    if unknown := set(options.kinds) - set(kinds):
        parser.error(f"no kind {', '.join(sorted(unknown))}; there are {', '.join(kinds)}")
    return options


def _keep(name: str, figures: dict[str, Any]) -> None:
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _table(kinds: dict[str, ModuleType]) -> str:
    """The figures on record as Markdown."""
    made = machine()
    rows = [
        f"Measured with Python {made['python']} on {made['cores']} cores ({made['architecture']}).",
        "",
        "| what | figure |",
        "|---|---|",
    ]
    for name, module in kinds.items():
        if (file := RESULTS / f"{name}.json").is_file():
            rows += module.rows(json.loads(file.read_text(encoding="utf-8")))
    return "\n".join(rows)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
