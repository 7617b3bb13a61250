"""Record the last `make demo-real`: its figures go to bench/results/real-base.json and the tables of docs/real-base.md.

    python -m bench.real_base [--var var/demo-real]

Of the served answers nothing is kept: the page shows figures.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.measuring import machine, replace_between
from medpipe.sandbox.real.report import number

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results" / "real-base.json"
PAGE = ROOT / "docs" / "real-base.md"
BEGIN, END = "<!-- figures: written by bench/real_base.py -->", "<!-- end of figures -->"


def main() -> None:
    """Copy the figures and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--var", type=Path, default=ROOT / "var" / "demo-real")
    report = json.loads((parser.parse_args().var / "report.json").read_text(encoding="utf-8"))
    figures = {"machine": machine(), **{name: value for name, value in report.items() if name != "answers"}}
    RESULTS.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    replace_between(PAGE, BEGIN, END, "\n\n".join("\n".join(table) for table in _tables(figures)))


def _tables(figures: Mapping[str, Any]) -> Iterator[Iterator[str]]:
    yield _scores(figures)
    yield _decisions(figures)
    yield _costs(figures)


def _scores(figures: Mapping[str, Any]) -> Iterator[str]:
    models = figures["models"]
    yield f"| figure | questions about | n | {' | '.join(models)} |"
    yield "|---" * (3 + len(models)) + "|"
    for row in figures["rows"]:
        arrow = " ↓" if row["better"] == "lower" else ""
        values = " | ".join(number(row["values"].get(model)) for model in models)
        yield f"| {row['name']}{arrow} | {row['about'] or 'safety'} | {row['n']} | {values} |"


def _decisions(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "| model | decision | reasons |"
    yield "|---|---|---|"
    for decision in figures["decisions"]:
        word = "promoted" if decision["promoted"] else "held"
        yield f"| {decision['model']} | {word} | {'; '.join(decision['reasons'])} |"


def _costs(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "| what | figure |"
    yield "|---|---|"
    yield f"| wall time of everything | {figures['seconds']['total'] / 60:.0f} minutes |"
    yield f"| most memory of all processes | {figures['memory_gib']} GiB |"
    energy = figures["watt_hours"]
    yield f"| energy of the processor | {'cannot be read on this machine' if energy is None else f'{energy} Wh'} |"
    for training in figures["trainings"]:
        rows = f"{training['rows']} rows, {training['steps']:.0f} steps"
        yield f"| training: {training['model']} ({rows}) | {training['seconds']:.0f} s |"
    for written in figures["evaluations"]:
        speed = f"{written['answers']} answers, {written['tokens']} tokens, {written['tokens_per_second']} a second"
        yield f"| evaluation: {written['model']} | {speed} |"


if __name__ == "__main__":
    main()
