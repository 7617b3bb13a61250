"""A PubMed update file of 30,000 records, parsed and stored as `pull` does it, beside two other readers.

The others read the same file. Bare `lxml.iterparse` with clearing builds each record and looks at nothing.
pubmed_parser, which most projects use, keeps fewer fields and stores nothing. Each reading is a process of its own;
imports are not timed. Two files in two processes show the gain from a second core, since `pull` is mapped by file.
The file repeats real records if `../shared/data` is beside the checkout, else invented ones.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.measuring import peak_mb, result_of, start_child, timed

NAME = "parse"
MAKER = Path(__file__).resolve().parents[2] / "shared" / "data" / "make_scale_update.py"
OURS, BARE, PEER = "medpipe", "bare lxml iterparse", "pubmed_parser"


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return records a second of each reader, their ratios, medpipe's peak memory, and the speed of two processes."""
    count = max(50, options.records // (100 if options.quick else 1))
    file = options.folder / "pubmed26n9999.xml.gz"
    _make(file, count)
    runs: dict[str, list[dict[str, Any]]] = {OURS: [], BARE: [], PEER: []}
    for _ in range(options.repeats):
        for reader, results in runs.items():
            results.append(_result(_start(reader, file), count))
    speeds = {
        reader: round(count / statistics.median(run["seconds"] for run in results)) for reader, results in runs.items()
    }
    together = statistics.median(_two_at_once(file, count) for _ in range(options.repeats))
    return {
        "records": count,
        "real_records": MAKER.exists(),
        "records_per_second": speeds,
        "times_pubmed_parser": round(speeds[OURS] / speeds[PEER], 2),
        "times_bare_iterparse": round(speeds[OURS] / speeds[BARE], 2),
        "peak_megabytes": max(run["peak"] for run in runs[OURS]),
        "two_processes": {"records_per_second": round(together), "times_one": round(together / speeds[OURS], 2)},
    }


def rows(figures: dict[str, Any]) -> list[str]:
    """Return the figures as rows of the table."""
    speeds, two = figures["records_per_second"], figures["two_processes"]
    kind = "real records, repeated" if figures["real_records"] else "invented records"
    return [
        f"| parse and store an update file of {figures['records']:,} citations ({kind}) | "
        f"**{speeds[OURS]:,} records/s**, {figures['peak_megabytes']} MB |",
        f"| pubmed_parser, the same file, nothing stored | {speeds[PEER]:,} records/s: medpipe is "
        f"{figures['times_pubmed_parser']} × as fast |",
        f"| bare lxml iterparse with clearing, the same file | {speeds[BARE]:,} records/s: medpipe reaches "
        f"{figures['times_bare_iterparse']} × that |",
        f"| two such files on two cores | {two['records_per_second']:,} records/s, {two['times_one']} × one |",
    ]


def _make(file: Path, count: int) -> None:
    if MAKER.exists():
        subprocess.run([sys.executable, MAKER, str(count), file, MAKER.parent], check=True)
    else:
        from bench import generate

        generate.update_file(file, count)


def _start(reader: str, file: Path) -> subprocess.Popen[str]:
    return start_child("bench.parsing", reader, file)


def _result(process: subprocess.Popen[str], count: int) -> dict[str, Any]:
    """Return what a reader measured; raises RuntimeError when it did not read all records."""
    result = result_of(process)
    if result["records"] != count:
        raise RuntimeError(f"parsing came out wrong: {result['records']} of {count} records were read")
    return result


def _two_at_once(file: Path, count: int) -> float:
    """Return the records a second of two processes that start together, by the slower one."""
    both = [_start(OURS, file), _start(OURS, file)]
    seconds: list[float] = [_result(process, count)["seconds"] for process in both]
    return 2 * count / max(seconds)


def _ours(file: Path) -> Callable[[], int]:
    """Return a function that reads the file; what it needs is imported before, outside the timing."""
    from datetime import date

    from medpipe import records
    from medpipe.sources.pubmed.files_source import PubMedSource

    target = file.with_name(f"documents-{time.monotonic_ns()}.jsonl")
    window = date(1990, 1, 1), date(2100, 1, 1)

    def read() -> int:
        try:
            return records.write(target, PubMedSource(str(file.parent), file.parent).pull(*window))
        finally:
            target.unlink()

    return read


def _bare(file: Path) -> Callable[[], int]:
    import gzip

    from lxml import etree

    def read() -> int:
        count = 0
        with gzip.open(file) as stream:
            for count, (_, element) in enumerate(etree.iterparse(stream, tag="PubmedArticle"), start=1):  # noqa: B007 (the count is read after the loop)
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
        return count

    return read


def _pubmed_parser(file: Path) -> Callable[[], int]:
    import pubmed_parser

    return lambda: sum(1 for _ in pubmed_parser.parse_medline_xml(str(file)))


def _child(reader: str, file: str) -> None:
    seconds, count = timed({OURS: _ours, BARE: _bare, PEER: _pubmed_parser}[reader](Path(file)))
    print(json.dumps({"records": count, "seconds": seconds, "peak": peak_mb()}))


if __name__ == "__main__":
    _child(*sys.argv[1:])
