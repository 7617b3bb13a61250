"""Building examples from 50,000 and from a million documents: seconds and memory, with every filter on.

    make bench-million                  or python -m bench.million [--documents 50000 1000000] [--home FOLDER]

The recipe is `real-mixed` over the synthetic corpus of `bench.million_corpus`. The corpora are made first, and not
counted; with `--home` they stay for the next time. Memory is that of the process and its children together, looked at
five times a second. Figures are written to bench/results/million.json, and shown in docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from bench import million_corpus, run
from bench.measuring import run_child, timed
from bench.million_corpus import MillionCorpus, questions_of
from medpipe.core.knowledge.withdrawals import State, WithdrawalEvent
from medpipe.core.manifests import ExamplesManifest
from medpipe.core.refs import CorpusRef
from medpipe.core.sources import prefixes_by_people
from medpipe.core.teaching.claim import Claim
from medpipe.core.teaching.facts import decompose
from medpipe.core.teaching.official_tests import OfficialTest
from medpipe.core.teaching.recipe import Recipe
from medpipe.settings import Settings
from medpipe.steps.examples import build_examples
from medpipe.wiring import Wiring

NAME = "million"
SIZES = (50_000, 1_000_000)
_WITHDRAWN = 20
_EVERY = 0.2
"""Seconds between two looks at the memory."""


def main() -> int:
    """Measure each size, record the figures and print the rows of the table."""
    parser = argparse.ArgumentParser(prog="bench.million", description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, nargs="+", default=SIZES, help="sizes of the corpora")
    parser.add_argument("--home", type=Path, help="folder in which the corpora stay (not set: a temporary one)")
    options = parser.parse_args()
    figures: dict[str, Any] = {"sizes": {}}
    with _home(options.home) as home:
        for count in options.documents:
            million_corpus.write(home / str(count), count)
            figures["sizes"][str(count)] = run_child("bench.million", home / str(count), count)
            print(json.dumps(figures["sizes"][str(count)]), file=sys.stderr, flush=True)
    if tuple(options.documents) == SIZES:
        run.record(NAME, figures)
        run.write_page()
    print("\n".join(rows(figures)))
    return 0


def rows(figures: dict[str, Any]) -> list[str]:
    """Return the figures as rows of the table."""
    return [
        f"| build examples from {int(count):,} documents with every filter | {size['seconds'] / 60:.1f} minutes, "
        f"{size['peak_mb']:,} MB with all processes; {size['train']:,} examples |"
        for count, size in figures["sizes"].items()
    ]


class MillionPorts(Wiring):
    """The real ports, with a recipe that takes what people wrote too, and an official test among the documents."""

    def recipe(self, name: str) -> Recipe:
        """Return a recipe with the sources that people wrote, whose identifiers are replaced."""
        recipe = super().recipe(name)
        sources = {**recipe.data.sources, **dict.fromkeys(prefixes_by_people(), 1.0)}
        return recipe.model_copy(update={"data": recipe.data.model_copy(update={"sources": sources})})

    def official_test(self, name: str) -> OfficialTest:
        """Return the documents that are planted for it among the first 20,000."""
        made = MillionCorpus([""])
        tested = (number for number in range(20_000) if made.kind(number) == "tested")
        return OfficialTest(name, frozenset(made.document(number).id for number in tested))

    @cached_property
    def progress(self) -> Any:
        return lambda share, text: print(
            f"{time.strftime('%H:%M:%S')} {share:4.0%} {text}", file=sys.stderr, flush=True
        )


def _build(home: Path, count: int) -> dict[str, Any]:
    """Build once, from nothing, and return the figures."""
    corpus = million_corpus.write(home, count)
    for folder in (*(home / "artifacts").glob("examples*"),):
        shutil.rmtree(folder)
    ports = MillionPorts(Settings(home=home))
    if not ports.withdrawals.events():
        _withdraw(ports)
    with _watched() as peak:
        seconds, built = timed(lambda: build_examples(CorpusRef(corpus), "real-mixed", ports=ports))
    found = next(one for one in ports.store.manifests(ExamplesManifest) if one.ref == built).outcome
    return {
        "seconds": round(seconds, 1),
        "peak_mb": peak[0] // 1024,
        "train": found.train,
        "new_knowledge": found.new_knowledge,
        "after_cut_off": found.after_cut_off,
        "drops": dict(sorted(found.drops.items())),
    }


def _withdraw(ports: MillionPorts) -> None:
    """Withdraw the first documents that claim something."""
    made, data = MillionCorpus(questions_of(ports.benchmarks())), ports.recipe("real-mixed").data
    withdrawn = 0
    for number in range(10_000):
        document = made.document(number)
        if (facts := decompose(document, data)[0]) and not made.kind(number):
            claims = tuple(map(Claim.of, facts))
            now = datetime(2026, 3, 3, tzinfo=UTC)
            ports.withdrawals.append(
                WithdrawalEvent(document=document.id, state=State.OPENED, at=now, reason="planted", claims=claims)
            )
            withdrawn += 1
        if withdrawn == _WITHDRAWN:
            break


@contextmanager
def _home(stated: Path | None) -> Iterator[Path]:
    if stated:
        yield stated
        return
    with tempfile.TemporaryDirectory(prefix="medpipe-bench-") as folder:
        yield Path(folder)


@contextmanager
def _watched() -> Iterator[list[int]]:
    """Yield a list whose one number becomes the most kilobytes that this process and its children had together."""
    peak, ended = [0], threading.Event()

    def watch() -> None:
        while not ended.wait(_EVERY):
            peak[0] = max(peak[0], _resident())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    yield peak
    ended.set()
    watcher.join()


def _resident() -> int:
    """Return the kilobytes of this process and its children that are in memory."""
    process = Path("/proc/self")
    children = [child for task in process.glob("task/*/children") for child in task.read_text().split()]
    total = 0
    for place in (process, *(Path("/proc") / child for child in children)):
        try:
            pages = int((place / "statm").read_text().split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += pages * 4
    return total


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[2].isdigit() and not sys.argv[1].startswith("-"):
        print(json.dumps(_build(Path(sys.argv[1]), int(sys.argv[2]))))
    else:
        sys.exit(main())
