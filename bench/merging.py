"""What it costs to fold a day's update into a corpus, small and large, beside plain Delta MERGE.

The same 30,000 records goes into 10,000 and into 1,000,000 documents: four fifths are revisions
of documents that are there (as far as there are that many), with ids spread at random or from the newest
twentieth, the rest are new. Each merge is a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from medpipe.backends.delta.corpus import DeltaCorpus
from medpipe.core.corpus.document import Document, Section

NAME = "merge"
SMALL, LARGE, PEER = 10_000, 1_000_000, 100_000
FIRST = 10_000_000
WORDS = [f"w{number:04x}" for number in range(4096)]


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Seconds of merges into each size, their ratio, and the peak memory of the process that merged."""
    shrink = 100 if options.quick else 1
    update = max(100, options.records // shrink)
    figures: dict[str, Any] = {"update": update, "sizes": {}}
    for size, kinds in ((SMALL, ("random",)), (LARGE, ("random", "recent"))):
        corpus, documents = options.folder / f"corpus-{size}", max(200, size // shrink)
        loaded = _child("load", corpus, documents, update)
        runs = {
            kind: [_child(kind, corpus, documents, update, turn) for turn in range(options.repeats)] for kind in kinds
        }
        figures["sizes"][str(documents)] = {
            "load_seconds": loaded["seconds"],
            **{kind: _summary(found) for kind, found in runs.items()},
        }
    small, large = figures["sizes"].values()
    figures["ratio"] = {
        kind: round(large[kind]["median"] / small["random"]["median"], 2) for kind in ("random", "recent")
    }
    figures["peer"] = _peer(options.folder, max(200, PEER // shrink), update)
    return figures


def rows(figures: dict[str, Any]) -> list[str]:
    """The figures as rows of the table."""
    names = {"random": "ids at random", "recent": "ids among the newest"}
    made = [
        f"| merge {figures['update']:,} records into {int(size):,} documents, {names[kind]} | "
        f"{found[kind]['median']} s, {found[kind]['peak_megabytes']} MB |"
        for size, found in figures["sizes"].items()
        for kind in names
        if kind in found
    ]
    sizes = [f"{int(size):,}" for size in figures["sizes"]]
    peer = figures["peer"]
    return [
        *made,
        f"| {sizes[1]} against {sizes[0]} documents | {figures['ratio']['random']} × (newest: "
        f"{figures['ratio']['recent']} ×) |",
        f"| the same into {peer['documents']:,} documents: medpipe | {peer['medpipe']['seconds']} s, "
        f"{peer['medpipe']['peak_megabytes']} MB |",
        f"| the same into {peer['documents']:,} documents: plain Delta MERGE | {peer['delta_merge']['seconds']} s, "
        f"{peer['delta_merge']['peak_megabytes']} MB |",
    ]


def _summary(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "seconds": [run["seconds"] for run in runs],
        "median": statistics.median(run["seconds"] for run in runs),
        "peak_megabytes": max(run["peak_megabytes"] for run in runs),
    }


def _peer(folder: Path, documents: int, update: int) -> dict[str, Any]:
    """One merge of each into equal tables: `when_matched_update_all` and `when_not_matched_insert_all`."""
    found = {"documents": documents}
    for name, kind in (("medpipe", "random"), ("delta_merge", "plain")):
        corpus = folder / f"peer-{name}"
        _child("load", corpus, documents, update)
        found[name] = _child(kind, corpus, documents, update)
    return found


def _child(kind: str, corpus: Path, documents: int, update: int, turn: int = 0) -> Any:
    command = [sys.executable, "-m", "bench.merging", kind, str(corpus), *map(str, (documents, update, turn))]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: this figure would mean nothing")
    return json.loads(done.stdout)


def _work(kind: str, corpus: Path, documents: int, update: int, turn: int) -> dict[str, Any]:
    """What a child does, timed; raises RuntimeError when the corpus is not what it should be afterwards."""
    table = DeltaCorpus(corpus)
    if kind == "load":
        began = time.perf_counter()
        for start in range(0, documents, update):
            numbers = range(start, min(documents, start + update))
            table.merge((_document(FIRST + number, 1) for number in numbers), None, f"load-{start}")
        return {"seconds": round(time.perf_counter() - began, 3)}
    ids, revision, version = _ids(kind, documents, update, turn), 2 + turn + 1000 * (kind == "recent"), 0
    incoming = corpus.with_name(f"{corpus.name}-incoming.jsonl")
    incoming.write_text("".join(_document(id, revision).model_dump_json() + "\n" for id in ids), encoding="utf-8")
    began = time.perf_counter()
    if kind == "plain":
        _plain_merge(corpus, incoming)
    else:
        version = table.merge(_read(incoming), None, f"{kind}-{turn}")
    seconds = round(time.perf_counter() - began, 3)
    peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    if kind != "plain" and table.counts(version).by_status["current"] < documents + (turn + 1) * (update // 5):
        raise RuntimeError("documents are missing after the merge: this figure would mean nothing")
    return {"seconds": seconds, "peak_megabytes": peak}


def _plain_merge(corpus: Path, incoming: Path) -> None:
    """What Delta's own MERGE does with the same rows: it rewrites every file that holds a matched one."""
    from deltalake import DeltaTable

    from medpipe.backends.delta.rows import rows_of

    changed = sorted(_read(incoming), key=lambda document: document.id)
    (
        DeltaTable(str(corpus))
        .merge(rows_of(changed, 2), predicate="old.id = new.id", source_alias="new", target_alias="old")
        .when_matched_update_all()
        .when_not_matched_insert_all()
        .execute()
    )


def _ids(kind: str, documents: int, update: int, turn: int) -> list[int]:
    seed = random.Random(turn)
    revised = min(update * 4 // 5, documents * 4 // 5)
    first = documents - max(documents // 20, revised) if kind == "recent" else 0
    old = seed.sample(range(first, documents), revised)
    offset = (turn + 10 * (kind == "recent")) * update
    new = range(documents + offset, documents + offset + update - revised)
    return [FIRST + number for number in (*old, *new)]


def _read(path: Path) -> Iterator[Document]:
    with path.open(encoding="utf-8") as lines:
        yield from map(Document.model_validate_json, lines)


def _document(number: int, revision: int) -> Document:
    """An article of about 1,500 bytes: a structured abstract of invented words."""
    seed = random.Random(number * 1009 + revision)
    sections = tuple(
        Section(heading=heading, text=" ".join(seed.choices(WORDS, k=45)))
        for heading in ("BACKGROUND", "METHODS", "RESULTS", "CONCLUSIONS")
    )
    return Document(
        id=f"pmid:{number}",
        revision=revision,
        source="pubmed",
        title=" ".join(seed.choices(WORDS, k=12)),
        published=date(2000, 1, 1) + timedelta(days=number % 9000),
        licence="NLM",
        sections=sections,
        url=f"https://pubmed.ncbi.nlm.nih.gov/{number}/",
        types=("Journal Article",),
    )


if __name__ == "__main__":
    print(json.dumps(_work(sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:]))))
