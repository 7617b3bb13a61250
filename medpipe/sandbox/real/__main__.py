"""The verbs on a real pretrained base and real data, on this machine: about an hour on two cores.

    python -m medpipe.sandbox.real [--data FOLDER] [--exit] [--resume]

The base is SmolLM2-135M-Instruct, made from a package. The data are the sets of MEDPIPE_CURATED (or `--data`): MedQuAD,
PubMedQA with the authors' list of its official test, MEDIQA's preferences, and MedlinePlus's topic files.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from medpipe.errors import MedpipeError, UsageError
from medpipe.sandbox import smollm2
from medpipe.sandbox.real import benchmarks, data, report
from medpipe.sandbox.real.servers import ROOT, environment
from medpipe.sandbox.real.story import Story
from medpipe.sandbox.real.usage import Usage
from medpipe.sandbox.real.verbs import Verbs
from medpipe.sandbox.servers import models
from medpipe.sandbox.state_folder import emptied, mark, refuse_foreign

SETS = ("medquad", "pubmedqa", "mediqa")
_TOPICS = "mplus_topics_????-??-??.xml"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run everything; return 0 when a model was judged and reported, else 1 with the reason."""
    options = _options(arguments)
    console = Console(width=None if sys.stdout.isatty() else 120)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        _run(options, console)
    except KeyboardInterrupt:
        console.print("stopping")
        return 1
    except MedpipeError as error:
        console.print(f"[red bold]{type(error).__name__}[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        return 1
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="medpipe.sandbox.real", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    given = os.environ.get("MEDPIPE_CURATED")
    parser.add_argument("--data", type=Path, default=Path(given) if given else ROOT.parent / "shared" / "data")
    parser.add_argument("--var", type=Path, default=ROOT / "var" / "demo-real", help="folder for all state")
    parser.add_argument("--resume", action="store_true", help="keep what an earlier run made, and go on from there")
    parser.add_argument("--exit", action="store_true", help="stop the servers at the end")
    return parser.parse_args(arguments)


def _run(options: argparse.Namespace, console: Console) -> None:
    var = options.var.resolve()
    if not options.data.is_dir():
        raise UsageError(
            f"{options.data} is not there: set MEDPIPE_CURATED to the folder of the sets (docs/real-data.md says which)"
        )
    refuse_foreign(var)
    if options.resume:
        mark(var)
    else:
        emptied(var)
    sets = data.lay_out(SETS, options.data.resolve(), var / "curated")
    for name, reason in sets.absent.items():
        console.print(f"  [yellow]left out: {name}[/]: {escape(reason)}", highlight=False)
    topics = sorted((options.data / "medlineplus_xml").glob(_TOPICS))
    benchmarks.write(var / "benchmarks")
    folder = models(ROOT)
    variables = environment(var, folder, var / "curated", topics[-1].parent.resolve() if topics else None)
    smollm2.make_smollm2(folder, lambda text: console.print(f"  {text}", style="dim", highlight=False))
    story = Story(Verbs(variables, var / "logs", console), console, var)
    try:
        with Usage(var / "usage.jsonl") as usage:
            told = story.tell(sets.present, _day(topics[-1]) if topics else None)
        report.write(report.assemble(told, story.verbs, usage.cost), var, console)
        if sys.stdout.isatty() and not options.exit and story.address:
            console.print(f"The service answers at {story.address}. Ctrl-C stops it.")
            signal.pause()
    finally:
        for server in reversed(story.servers):
            server.stop()


def _day(topics: Path) -> tuple[str, str]:
    """Return the day of a topic file, which its name has, and the day after it."""
    day = date.fromisoformat(topics.stem.removeprefix("mplus_topics_"))
    return day.isoformat(), (day + timedelta(days=1)).isoformat()


if __name__ == "__main__":
    sys.exit(main())
