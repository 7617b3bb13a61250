"""The same work on folders and on an S3 server, side by side: merging, reading by id, listing, writing, fetching.

The server is moto on this machine, with its objects in memory. It waits 20 ms before each answer, as a bucket in the
same region does, and works on one request at a time. Both places start from the same home, and each is worked on by a
process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench import merging
from bench.measuring import run_child, timed
from medpipe.core.manifests import DocumentsInputs, DocumentsManifest, DocumentsOutcome
from medpipe.core.refs import ref
from medpipe.ports import ArtifactStore
from medpipe.sandbox import object_store
from medpipe.settings import Settings
from medpipe.wiring import Wiring

NAME = "s3"
LATENCY = 0.02
"""Seconds that the server waits before each answer."""
DOCUMENTS, MANIFESTS, IDS, BYTES = 100_000, 1_000, 1_000, 50_000_000


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return the seconds of each work in both places, and the requests that it took."""
    shrink = 100 if options.quick else 1
    update, documents, count = max(100, options.records // shrink), DOCUMENTS // shrink, MANIFESTS // shrink
    home: Path = options.folder / "home"
    wiring = Wiring(Settings(home=home))
    merging.load(wiring.corpus, documents, update)
    for number in range(count):
        _put(wiring.store, ref("documents", number), 100)
    merging.write_update(options.folder / "update.jsonl", "random", documents, update, 0)
    sizes = {
        "update": update,
        "documents": documents,
        "manifests": count,
        "ids": IDS // shrink,
        "bytes": BYTES // shrink,
    }
    with object_store.serving(options.folder / "s3.log", LATENCY) as variables, patch.dict(os.environ, variables):
        object_store.make_bucket(variables, "bench")
        Wiring(Settings(home=home, storage="s3://bench/home")).home_copy.copy(lambda share, text: None)
        requests = options.folder / "requests"
        places = {
            name: run_child("bench.s3", home, storage, requests, options.folder / "update.jsonl", json.dumps(sizes))
            for name, storage in (("s3", "s3://bench/home"), ("folder", ""))
        }
    return {**sizes, "latency_ms": round(LATENCY * 1000), **places}


def rows(figures: dict[str, Any]) -> list[str]:
    """Return the figures as rows of the table."""
    works = {
        "merge": f"merge {figures['update']:,} records into {figures['documents']:,} documents",
        "read": f"read {figures['ids']:,} documents by id",
        "list": f"read {figures['manifests']:,} manifests",
        "write": f"write an artifact of {figures['bytes'] / 1e6:,.0f} MB",
        "fetch": f"read an artifact of {figures['bytes'] / 1e6:,.0f} MB, checked",
    }
    return [
        f"| {text}: in a folder; on S3, {figures['latency_ms']} ms away | {figures['folder'][work]['seconds']} s; "
        f"{figures['s3'][work]['seconds']} s, {figures['s3'][work]['requests']} requests |"
        for work, text in works.items()
    ]


def _work(home: Path, storage: str, log: Path, update: Path, sizes: dict[str, int]) -> dict[str, Any]:
    """Do all works in one place, and return the seconds and requests of each."""
    wiring = Wiring(Settings(home=home, storage=storage))
    other = Wiring(Settings(home=home.with_name("other") if storage else home, storage=storage))
    store, corpus = wiring.store, wiring.corpus
    incoming = list(merging.read(update))
    figures: dict[str, Any] = {}

    def take(name: str, work: Callable[[], Any], repeats: int = 1) -> Any:
        before = len(log.read_text().splitlines())
        results = [timed(work) for _ in range(repeats)]
        requests = (len(log.read_text().splitlines()) - before) // repeats
        seconds = statistics.median(seconds for seconds, _ in results)
        figures[name] = {"seconds": round(seconds, 2), "requests": requests}
        return results[-1][1]

    version = take("merge", lambda: corpus.merge(incoming, None, "update"))
    ids = [
        f"pmid:{merging.FIRST + number}" for number in random.Random(1).sample(range(sizes["documents"]), sizes["ids"])
    ]
    read = take("read", lambda: list(corpus.read(version, ids=ids)), 3)
    manifests = take("list", lambda: list(store.manifests(DocumentsManifest)), 3)
    if (len(read), len(manifests)) != (sizes["ids"], sizes["manifests"]):
        raise RuntimeError(f"{len(read)} documents and {len(manifests)} manifests were read: the times mean nothing")
    take("write", lambda: _put(store, ref("documents", "large"), sizes["bytes"]))
    take("fetch", lambda: other.store.folder(ref("documents", "large")))
    return figures


def _put(store: ArtifactStore, name: str, size: int) -> None:
    day = date(2026, 3, 3)
    with store.write(name, "a bench", DocumentsInputs(source="pubmed", start=day, end=day)) as draft:
        (draft.path / "documents.jsonl").write_bytes(random.Random(name).randbytes(size))
        draft.conclude(DocumentsOutcome(documents=1))


if __name__ == "__main__":
    home, storage, requests, update, sizes = sys.argv[1:]
    print(json.dumps(_work(Path(home), storage, Path(requests), Path(update), json.loads(sizes))))
