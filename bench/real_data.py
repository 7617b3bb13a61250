"""Run the verbs over all real data at hand, as docs/real-data.md does, and write the counts into the pages.

    python -m bench.real_data [--data ../shared/data] [--work var/real-data]

The verbs run one after another in this process. Counts, seconds and memory go to bench/results/real-data.json, and from
there to the tables of docs/real-data.md and docs/examples.md. Texts are neither printed nor kept outside `--work`.
Sources whose files are not there are left out and named. PubMedQA is taken only where the authors' list of its official
test (`test_ground_truth.json`) lies in `--data` or in `--work`, in the folder `pubmedqa`.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import os
import re
import shutil
import sys
from collections import Counter
from contextlib import redirect_stdout
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bench.measuring import machine, peak_mb, replace_between, timed
from bench.real_data_tables import BEGIN, END, corpus_tables, example_tables
from medpipe.cli import main as medpipe_main
from medpipe.core.sources import SOURCES, Delivery, Kind, named

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results" / "real-data.json"
EVER = ("2000-01-01", "2100-01-01")
LIST = "test_ground_truth.json"
SHIPPED = "triage"
"""The set that medpipe has itself."""


class Runner:
    """Runs verbs one after another in this process, and keeps what each cost."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.printed: list[str] = []
        self.costs: list[dict[str, Any]] = []

    def __call__(self, verb: str, *arguments: str) -> str:
        """Return the last line that a verb printed. Raises RuntimeError when it fails; it has said why."""
        printed = io.StringIO()
        with redirect_stdout(printed):
            seconds, status = timed(lambda: medpipe_main((verb, *arguments)))
        if status:
            raise RuntimeError(f"medpipe {verb} {' '.join(arguments)} ended with {status}")
        self.costs.append({"verb": verb, "seconds": round(seconds, 1), "mb": peak_mb()})
        self.printed = printed.getvalue().splitlines()
        return self.printed[-1] if self.printed else ""

    def outcome(self, ref: str) -> dict[str, Any]:
        """Return the outcome in an artifact's manifest."""
        manifest = json.loads((self._home / "artifacts" / ref / "manifest.json").read_text(encoding="utf-8"))
        outcome: dict[str, Any] = manifest["outcome"]
        return outcome


def main() -> int:
    """Run everything, record the counts and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--work", type=Path, default=ROOT / "var" / "real-data")
    options = parser.parse_args()
    if not options.data.is_dir():
        parser.error(f"{options.data} is not there: put the files there, or name another folder with --data")
    work = options.work.resolve()
    sources, absent = prepared(options.data.resolve(), work)
    figures = {"machine": machine(), "absent": absent, **measured(work, options.data.resolve(), sources)}
    RESULTS.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    replace_between(ROOT / "docs" / "real-data.md", BEGIN, END, corpus_tables(figures))
    replace_between(ROOT / "docs" / "examples.md", BEGIN, END, example_tables(figures))
    return 0


def prepared(data: Path, work: Path) -> tuple[list[tuple[str, str, str]], dict[str, str]]:
    """Lay the files out as the sources expect them; return (source, start, end) of each pull, and what is absent."""
    pulls: list[tuple[str, str, str]] = []
    absent: dict[str, str] = {}
    for file in sorted((data / "medlineplus_xml").glob("mplus_topics_????-??-??.xml")):
        day = date.fromisoformat(file.stem.rpartition("_")[2])
        pulls.append(("medlineplus", day.isoformat(), (day + timedelta(days=1)).isoformat()))
    answers = work / "efetch"
    for stale in (answers, work / "curated"):  # what an earlier run put there may be gone from the data
        shutil.rmtree(stale, ignore_errors=True)
    answers.mkdir(parents=True)
    for place, pattern in (("pubmed_xml/efetch_single", "*.xml"), ("eutils_recordings", "pubmed*.xml")):
        for file in sorted((data / place).glob(pattern)):
            shutil.copyfile(file, answers / file.name)
    for file in sorted((data / "pubmed_xml").glob("nlm_sample*.xml.gz")):
        (answers / file.name.removesuffix(".gz")).write_bytes(gzip.decompress(file.read_bytes()))
    pulls += [("pubmed", *EVER), ("eutils", *EVER)]
    for name in (source.name for source in SOURCES if source.delivery is Delivery.COLLECTION):
        folder = next((path for path in (data / name, *sorted(data.glob(f"{name}*"))) if path.is_dir()), None)
        for file in sorted(folder.glob("*.jsonl.gz")) if folder else ():
            if "ranked" not in file.name:
                (work / "curated" / name).mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, work / "curated" / name / file.name)
        if folder is None and name != SHIPPED:
            absent[name] = "its files are not there"
        elif named(name).has_official_test and not _listed(data, work, name):
            absent[name] = f"the authors' {LIST} is not beside it, so nothing says which questions its test has"
        else:
            pulls.append((name, *EVER))
    return pulls, absent


def _listed(data: Path, work: Path, name: str) -> bool:
    """Copy the authors' list of an official test beside a set's files; return whether there is one."""
    known = next((path for path in (data / name / LIST, work / name / LIST) if path.is_file()), None)
    if known is not None:
        shutil.copyfile(known, work / "curated" / name / LIST)
    return known is not None


def measured(work: Path, data: Path, pulls: list[tuple[str, str, str]]) -> dict[str, Any]:
    """Run the verbs over the pulls; return what each counted and cost. Raises RuntimeError when one fails."""
    recipes = work / "recipes"
    shutil.copytree(ROOT / "medpipe" / "recipes", recipes, dirs_exist_ok=True)
    pulled_from = [named(source) for source, _, _ in pulls]
    prefixes = dict.fromkeys(source.prefix for source in pulled_from if source.kind is not Kind.PREFERENCES)
    mixed = (recipes / "real-mixed.yaml").read_text(encoding="utf-8").replace("name: real-mixed", "name: real-all")
    shares = ", ".join(f"{name}: 1.0" for name in prefixes)
    (recipes / "real-all.yaml").write_text(re.sub(r"sources: \{.*\}", f"sources: {{{shares}}}", mixed))
    home = work / "home"
    shutil.rmtree(home, ignore_errors=True)
    settings = {
        "HOME": home,
        "RECIPES": recipes,
        "CURATED": work / "curated",
        "MEDLINEPLUS_URL": data / "medlineplus_xml",
        "PUBMED_URL": data / "pubmed_xml",
        "EUTILS_URL": work / "efetch",
    }
    os.environ.update({f"MEDPIPE_{name}": str(value) for name, value in settings.items()})
    medpipe = Runner(home)
    deliveries: list[dict[str, Any]] = []
    refs: list[str] = []
    for source, start, end in pulls:
        refs.append(medpipe("pull", "--source", source, "--start", start, "--end", end))
        pulled = medpipe.outcome(refs[-1])
        medpipe("validate", "--data", refs[-1], "--suite", "documents")
        medpipe("quarantine", "--data", refs[-1])
        reasons = Counter(line.partition("): ")[2] for line in medpipe.printed if "): " in line)
        deliveries.append(
            {
                "source": f"{source} ({start[:4]})" if source == "medlineplus" else source,
                "documents": pulled["documents"],
                "bad": pulled["bad_records"],
                "quarantined": dict(reasons),
            }
        )
    corpus = medpipe("build-corpus", "--pulls", *refs)
    medpipe("standings", "--corpus", corpus)
    kinds = Counter(
        re.sub(r"\b(?:pmid|rw):\S+", "a record", reason)
        for line in medpipe.printed
        if (reason := line.partition(": on hold")[2].partition(": ")[2])
    )
    examples = medpipe("build-examples", "--corpus", corpus, "--recipe", "real-all")
    medpipe("validate", "--data", examples, "--suite", "examples")
    return {
        "deliveries": deliveries,
        "standing": medpipe.outcome(corpus)["documents"],
        "on_hold": dict(kinds),
        "examples": {key: value for key, value in medpipe.outcome(examples).items() if key != "corpus"},
        "costs": medpipe.costs,
    }


if __name__ == "__main__":
    sys.exit(main())
