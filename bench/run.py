"""Measure what a day's work consists of, on this machine, and write it down.

    make bench                          or python -m bench.run [--records N] [--repeats N]

Parsing is compared with a bare lxml iterparse over the same file, which does nothing with what it reads: the
floor for any parser in Python. Figures go to bench/results/*.json, and their table into docs/performance.md.
"""

from __future__ import annotations

import argparse
import gzip
import importlib
import importlib.util
import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast

from bench.generate import update_file

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- figures: written by make bench -->", "<!-- end of figures -->"


def timed(work: Callable[[], int], repeats: int, expected: int) -> dict[str, Any]:
    """Seconds of each repeat and the rate of their median. Raises RuntimeError when the work missed records."""
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        done = work()
        seconds.append(time.perf_counter() - began)
        if done != expected:
            raise RuntimeError(f"{done} records instead of {expected}: this figure would mean nothing")
    return {"seconds": [round(each, 3) for each in seconds],
            "records_per_second": round(expected / statistics.median(seconds))}


def bare_iterparse(path: Path) -> int:
    """lxml's iterparse with clearing, and nothing else."""
    from lxml import etree

    count = 0
    with gzip.open(path) as stream:
        for _, element in etree.iterparse(stream, tag="PubmedArticle"):
            count += 1
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    return count


def our_parser(path: Path) -> int:
    """The parser that `pull` uses: whole Documents, with sections, types, relations and status."""
    from medpipe.nlm.citations import parse_citations

    with cast(BinaryIO, gzip.open(path)) as stream:
        return sum(1 for _ in parse_citations(stream, path.name, 1))


def pubmed_parser(path: Path) -> int:
    """The package of that name, where it is installed."""
    package = importlib.import_module("pubmed_parser")
    return sum(1 for _ in package.parse_medline_xml(str(path)))


def parsing(records: int, repeats: int, folder: Path) -> dict[str, Any]:
    """Records a second of each parser over one generated file."""
    path = folder / "pubmed26n0001.xml.gz"
    size = update_file(path, records)
    parsers: dict[str, Callable[[Path], int]] = {"bare lxml iterparse": bare_iterparse, "medpipe": our_parser}
    if importlib.util.find_spec("pubmed_parser"):
        parsers["pubmed_parser"] = pubmed_parser
    rows = {}
    for name, parser in parsers.items():
        rows[name] = timed(partial(parser, path), repeats, records)
        say(f"parse, {name}: {rows[name]['records_per_second']} records/s")
    return {"records": records, "xml_megabytes": round(size / 1e6, 1), "parsers": rows}


def merging(records: int, folder: Path) -> dict[str, Any]:
    """Seconds to fold a first load, a day with a tenth of it revised, and the same day again, into the corpus."""
    from medpipe.backends.delta_corpus import DeltaCorpus
    from medpipe.nlm.citations import parse_citations

    path = folder / "pubmed26n0001.xml.gz"
    if not path.exists():
        update_file(path, records)

    def documents(revision: int) -> list[Any]:
        with cast(BinaryIO, gzip.open(path)) as stream:
            return list(parse_citations(stream, path.name, revision))

    first, later = documents(1), documents(2)[:: 10]
    table = DeltaCorpus(folder / "corpus")
    began = time.perf_counter()
    version = table.merge(first, None, "first")
    loaded = time.perf_counter()
    second = table.merge(later, version, "second")
    revised = time.perf_counter()
    if table.merge(later, version, "second") != second:
        raise RuntimeError("the same merge made another version: this figure would mean nothing")
    again = time.perf_counter()
    row = {"documents": len(first), "first_load_seconds": round(loaded - began, 3), "revised": len(later),
           "revision_seconds": round(revised - loaded, 3), "repeated_seconds": round(again - revised, 3)}
    say(f"merge: {row}")
    return row


def swapping() -> dict[str, Any] | None:
    """The adapter swap under traffic that the last `make demo` saw, where there was one."""
    report, last = ROOT / "var" / "demo" / "report.json", RESULTS / "swap.json"
    if not report.is_file():
        say("swap: no var/demo/report.json here (make demo ARGS=--exit writes it)")
        return json.loads(last.read_text(encoding="utf-8")) if last.is_file() else None
    swap = json.loads(report.read_text(encoding="utf-8"))["swap"]
    say(f"swap: {swap['seconds']} s, {swap['failed_requests']} of {swap['total_requests']} requests failed")
    return {key: swap[key] for key in ("seconds", "failed_requests", "total_requests")}


def machine() -> dict[str, Any]:
    """What a figure depends on, without saying whose machine it was."""
    import os

    return {"cores": os.cpu_count(), "architecture": platform.machine(), "python": platform.python_version()}


def table(results: dict[str, Any]) -> str:
    """The figures as Markdown."""
    made = results["machine"]
    rows = [f"Measured with Python {made['python']} on {made['cores']} cores ({made['architecture']}).", "",
            "| what | figure |", "|---|---|"]
    if parse := results.get("parse"):
        for name, row in parse["parsers"].items():
            rows.append(f"| parse a PubMed update file of {parse['records']:,} records, "
                        f"{parse['xml_megabytes']} MB: {name} | {row['records_per_second']:,} records/s |")
    if merge := results.get("merge"):
        rows += [f"| first load into the corpus of {merge['documents']:,} documents | "
                 f"{merge['first_load_seconds']} s |",
                 f"| fold in {merge['revised']:,} revisions | {merge['revision_seconds']} s |",
                 f"| fold in the same revisions again | {merge['repeated_seconds']} s |"]
    if swap := results.get("swap"):
        rows.append(f"| swap the served adapter under traffic | {swap['seconds']} s, {swap['failed_requests']} of "
                    f"{swap['total_requests']} requests failed |")
    return "\n".join(rows)


def publish(results: dict[str, Any]) -> None:
    """Write one JSON file per kind of figure and put the table between the marks of the page."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    for name in ("parse", "merge", "swap"):
        if results.get(name):
            row = {"machine": results["machine"], **results[name]}
            (RESULTS / f"{name}.json").write_text(json.dumps(row, indent=2) + "\n", encoding="utf-8")
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{table(results)}\n\n{END}{after}", encoding="utf-8")


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=10_000, help="records in the update file (default 10000)")
    parser.add_argument("--repeats", type=int, default=3, help="repeats of each parser; the median counts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = {"machine": machine(), "parse": parsing(options.records, options.repeats, Path(folder)),
                   "merge": merging(options.records, Path(folder)), "swap": swapping()}
    publish(results)
    print(table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
