"""The cost of merging a day's update into a corpus, small and large, beside plain Delta MERGE.

The same 30,000 records are merged into 10,000 and into 1,000,000 documents. Four fifths of them are revisions of
documents in the corpus (at most four fifths of its documents), with ids at random or among the newest twentieth;
the rest are new. Each merge is a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bench.measuring import peak_mb, run_child, timed
from medpipe.backends.delta.corpus import DeltaCorpus
from medpipe.core.corpus.document import Document, Section
from medpipe.ports import CorpusTable

NAME = "merge"
SMALL, LARGE, PEER = 10_000, 1_000_000, 100_000
"""Documents of the two corpora, and of the one in which medpipe is compared with Delta MERGE."""
FIRST = 10_000_000
"""The lowest PMID."""
WORDS = [f"w{number:04x}" for number in range(4096)]


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return the seconds of merges into each size, their ratio, and the peak memory of the process that merged."""
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
            **{kind: _summary(results) for kind, results in runs.items()},
        }
    small, large = figures["sizes"].values()
    figures["ratio"] = {
        kind: round(large[kind]["median"] / small["random"]["median"], 2) for kind in ("random", "recent")
    }
    figures["peer"] = _peer(options.folder, max(200, PEER // shrink), update)
    return figures


def rows(figures: dict[str, Any]) -> list[str]:
    """Return the figures as rows of the table."""
    names = {"random": "ids at random", "recent": "ids among the newest"}
    merges = [
        f"| merge {figures['update']:,} records into {int(size):,} documents, {names[kind]} | "
        f"{results[kind]['median']} s, {results[kind]['peak_megabytes']} MB |"
        for size, results in figures["sizes"].items()
        for kind in names
        if kind in results
    ]
    sizes = [f"{int(size):,}" for size in figures["sizes"]]
    peer = figures["peer"]
    return [
        *merges,
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
    """Return one merge by medpipe and one by Delta MERGE, into equal tables."""
    figures: dict[str, Any] = {"documents": documents}
    for name, kind in (("medpipe", "random"), ("delta_merge", "plain")):
        corpus = folder / f"peer-{name}"
        _child("load", corpus, documents, update)
        figures[name] = _child(kind, corpus, documents, update)
    return figures


def _child(kind: str, corpus: Path, documents: int, update: int, turn: int = 0) -> dict[str, Any]:
    return run_child("bench.merging", kind, corpus, documents, update, turn)


def _work(kind: str, corpus: Path, documents: int, update: int, turn: int) -> dict[str, Any]:
    """Do in a child what `kind` says: "load" a corpus, merge an update ("random", "recent"), or merge it "plain"."""
    if kind == "load":
        return load(DeltaCorpus(corpus), documents, update)
    incoming = corpus.with_name(f"{corpus.name}-incoming.jsonl")
    write_update(incoming, kind, documents, update, turn)
    if kind == "plain":
        seconds, _ = timed(lambda: _plain_merge(corpus, incoming))
        return {"seconds": round(seconds, 3), "peak_megabytes": peak_mb()}
    table = DeltaCorpus(corpus)
    seconds, version = timed(lambda: table.merge(read(incoming), None, f"{kind}-{turn}"))
    peak = peak_mb()
    if table.counts(version).by_status["current"] < documents + (turn + 1) * (update // 5):
        raise RuntimeError("documents are missing after the merge: its time means nothing")
    return {"seconds": round(seconds, 3), "peak_megabytes": peak}


def load(table: CorpusTable, documents: int, update: int) -> dict[str, Any]:
    """Fill a corpus by merges of `update` documents each."""

    def fill() -> None:
        for start in range(0, documents, update):
            numbers = range(start, min(documents, start + update))
            table.merge((_document(FIRST + number, 1) for number in numbers), None, f"load-{start}")

    seconds, _ = timed(fill)
    return {"seconds": round(seconds, 3)}


def write_update(path: Path, kind: str, documents: int, update: int, turn: int) -> None:
    """Write the documents of an update as JSON lines, each turn with higher revisions than the one before."""
    revision = 2 + turn + 1000 * (kind == "recent")
    numbers = _ids(kind, documents, update, turn)
    path.write_text("".join(_document(id, revision).model_dump_json() + "\n" for id in numbers), encoding="utf-8")


def _plain_merge(corpus: Path, incoming: Path) -> None:
    """Merge with Delta's own MERGE, which rewrites every file that contains a matched row."""
    from deltalake import DeltaTable

    from medpipe.backends.delta.rows import rows_of

    changed = sorted(read(incoming), key=lambda document: document.id)
    (
        DeltaTable(str(corpus))
        .merge(rows_of(changed, 2), predicate="old.id = new.id", source_alias="new", target_alias="old")
        .when_matched_update_all()
        .when_not_matched_insert_all()
        .execute()
    )


def _ids(kind: str, documents: int, update: int, turn: int) -> list[int]:
    """Return the PMIDs of an update: revised documents first, then new ones that no other turn adds."""
    seed = random.Random(turn)
    revised = min(update * 4 // 5, documents * 4 // 5)
    first = documents - max(documents // 20, revised) if kind == "recent" else 0
    old = seed.sample(range(first, documents), revised)
    offset = (turn + 10 * (kind == "recent")) * update
    new = range(documents + offset, documents + offset + update - revised)
    return [FIRST + number for number in (*old, *new)]


def read(path: Path) -> Iterator[Document]:
    """Yield the documents of an update."""
    with path.open(encoding="utf-8") as lines:
        yield from map(Document.model_validate_json, lines)


def _document(number: int, revision: int) -> Document:
    """Return an article of about 1,500 bytes, with a structured abstract of invented words."""
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
