"""The demo: the whole loop, on the real system, over three days of an invented NLM.

    python -m medpipe.sandbox.demo [--exit] [--seed N]

Airflow is driven through its REST API only, and questions go to the service over HTTP. The servers stay up
until Ctrl-C on a terminal; with --exit or without a terminal they are stopped at the end.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from medpipe.errors import MedpipeError
from medpipe.sandbox import airflow_home, report
from medpipe.sandbox.stack import ROOT, Stack, stop
from medpipe.sandbox.state_folder import emptied, refuse_foreign
from medpipe.sandbox.story import Story
from medpipe.sandbox.world import SEED


def table(challengers: Sequence[Mapping[str, Any]]) -> Table:
    """Return the results as a table, a row for each challenger and benchmark."""
    results = Table(title="The whole loop, over three days", header_style="bold")
    for column in ("version", "recipe", "decision", "benchmark", "before", "after [95 %]", "n"):
        results.add_column(column, overflow="fold")
    for challenger in challengers:
        rows = _metric_rows(challenger)
        kind = (challenger["held"] or {}).get("kind", challenger["decision"])
        decision = "promoted" if challenger["promoted"] else f"held ({kind})"
        head = [challenger["challenger"].removeprefix("version/"), challenger["recipe"], decision]
        for number, row in enumerate(rows):
            results.add_row(*(head if number == 0 else [""] * 3), *row, end_section=number == len(rows) - 1)
    return results


def _metric_rows(challenger: Mapping[str, Any]) -> list[list[str]]:
    """Return benchmark, the incumbent's score, the challenger's with its interval, and the number of samples."""
    rows = []
    for benchmark, after in challenger["metrics"].items():
        before = challenger["incumbent_metrics"].get(benchmark)
        rows.append(
            [
                benchmark,
                f"{before['value']:.3f}" if before else "–",
                f"{after['value']:.3f} [{after['low']:.3f}, {after['high']:.3f}]",
                str(after["n"]),
            ]
        )
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; return 0 when it ended as it should, else 1, with the reason or the failed task's log."""
    options = _options(arguments)
    console = Console(width=None if sys.stdout.isatty() else 120)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    var = options.var.resolve()
    try:
        refuse_foreign(var)
    except MedpipeError as error:
        return _failed(error, console)
    stop(var, lambda _: None)
    emptied(var)
    started = time.monotonic()
    stack = Stack(var, lambda text: console.print(f"  {text}", style="dim", highlight=False), options.seed)
    try:
        _run(stack, console, started)
        if sys.stdout.isatty() and not options.exit:
            _print_addresses(stack, console)
            console.print("Ctrl-C stops the servers.")
            signal.pause()
    except KeyboardInterrupt:
        console.print("stopping")
    except (MedpipeError, TimeoutError, httpx.HTTPError) as error:
        return _failed(error, console)
    finally:
        stack.down()
    return 0


def _failed(error: Exception, console: Console) -> int:
    """Print an error, and return the exit status of a demo that it ended."""
    console.print(f"[red bold]{type(error).__name__}[/] {escape(str(error))}", highlight=False, soft_wrap=True)
    return 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="medpipe.sandbox.demo", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--exit", action="store_true", help="stop the servers at the end")
    parser.add_argument(
        "--var",
        type=Path,
        default=ROOT / "var" / "demo",
        help="folder for all state, emptied first; one with files in it must be a demo's",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=SEED,
        help="of the invented medicine, and of the trainings (default %(default)s)",
    )
    return parser.parse_args(arguments)


def _run(stack: Stack, console: Console, started: float) -> None:
    """Start the servers, run the story, and write and print its report; `started` is on the monotonic clock."""
    console.rule("[bold]Start · NLM, Airflow, MLflow, vLLM, the service", align="left")
    stack.up()
    start_seconds = round(time.monotonic() - started, 1)
    _print_addresses(stack, console)
    story = Story(stack, console)
    story.narrator.seconds["start"] = start_seconds
    story.tell()
    seconds = {**story.narrator.seconds, "total": round(time.monotonic() - started, 1)}
    packages = report.versions(stack.environment)
    results = report.assemble(story.observed, seconds, stack.peak_memory, packages)
    report.write(results, story.narrator.spans, stack.var)
    console.print(table(results["challengers"]))
    swap = results["swap"]
    console.print(
        f"{swap['total_requests']} requests during the swap, {swap['failed_requests']} failed; "
        f"{seconds['total']:.0f} s in all, {results['memory_gib']:.1f} GiB\n"
        f"{stack.var / 'report.json'}\n{stack.var / 'report.html'}"
    )


def _print_addresses(stack: Stack, console: Console) -> None:
    for name, address in stack.addresses._asdict().items():
        console.print(f"  {name:8} {address}", highlight=False)
    console.print(
        f"  board    {stack.addresses.airflow}/medpipe/board\n  login    {' / '.join(airflow_home.LOGIN)}",
        highlight=False,
    )


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    sys.exit(main())
