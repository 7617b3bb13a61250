"""Tracing a document forward and a version back, over a million examples, beside a plain scan of the training file."""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from bench.measuring import timed
from medpipe import records
from medpipe.core.contract import ServingContract
from medpipe.core.judging.gates import Outcome
from medpipe.core.knowledge import lineage
from medpipe.core.manifests import (
    AdapterInputs,
    AdapterOutcome,
    ExamplesInputs,
    ExamplesOutcome,
    VersionInputs,
    VersionOutcome,
)
from medpipe.core.refs import BASE, ref
from medpipe.core.teaching.example import Example
from medpipe.ports import ArtifactStore
from medpipe.settings import Settings
from medpipe.steps.tracing import trace
from medpipe.wiring import Wiring

NAME = "trace"
EXAMPLES = 1_000_000
ANSWER = "word " * 60


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return the seconds of each trace; raises RuntimeError when a trace misses what the scan finds."""
    count = EXAMPLES // 100 if options.quick else EXAMPLES
    ports = _Quiet(Settings(home=options.folder))
    store = ports.store
    examples, index_seconds = _build_examples(store, count)
    runs = {
        **_forward(ports, store, examples, count, options.repeats),
        **_back(ports, store, examples, count, options.repeats),
    }
    medians = {name: round(statistics.median(seconds), 4) for name, seconds in runs.items()}
    return {"examples": count, "index_seconds": index_seconds, **medians}


def _forward(ports: Wiring, store: ArtifactStore, examples: str, count: int, repeats: int) -> dict[str, list[float]]:
    """Return the seconds of finding the examples of a document, by a scan of the file and by `trace`."""
    file = store.folder(examples) / "train.jsonl"
    scans, traces = [], []
    for turn in range(repeats):
        document = f"pmid:{10_000_000 + count // 3 + turn}"
        scan_seconds, scanned = timed(partial(_scan, file, document))
        trace_seconds, traced = timed(partial(trace, (document,), ports=ports))
        if not scanned or _rows_found(store, traced) != scanned:
            raise RuntimeError("the index and the file disagree: these figures mean nothing")
        scans.append(scan_seconds)
        traces.append(trace_seconds)
    return {"scan": scans, "forward": traces}


def _back(ports: Wiring, store: ArtifactStore, examples: str, count: int, repeats: int) -> dict[str, list[float]]:
    """Return the seconds of finding the documents of a version, and of one example."""
    versions, single_examples = [], []
    for turn in range(repeats):
        version = _register(store, examples, turn)
        seconds, traced = timed(partial(trace, (version,), back=True, ports=ports))
        if len(_rows_found(store, traced)) != count // 2:
            raise RuntimeError("documents of the version are missing: these figures mean nothing")
        versions.append(seconds)
        single_examples.append(timed(partial(trace, (f"{examples}#{count - 1 - turn}",), ports=ports))[0])
    return {"back": versions, "one_example_back": single_examples}


def rows(figures: dict[str, Any]) -> list[str]:
    """Return the figures as rows of the table."""
    count = f"{figures['examples']:,}"
    return [
        f"| index the documents of {count} examples, once for each set | {figures['index_seconds']} s |",
        f"| trace a document forward over {count} examples | {figures['forward']} s |",
        f"| the same by scanning the training file | {figures['scan']} s |",
        f"| trace a version of {count} examples back to its {figures['examples'] // 2:,} documents | "
        f"{figures['back']} s |",
        f"| trace one of {count} examples back | {figures['one_example_back']} s |",
    ]


class _Quiet(Wiring):
    """The real ports, without progress on standard error."""

    @cached_property
    def progress(self) -> Callable[[float, str], None]:
        return lambda share, text: None


def _build_examples(store: ArtifactStore, count: int) -> tuple[str, float]:
    """Write examples as `build_examples` does, two about each document; return their ref and their index's seconds."""
    target = ref("examples", count)
    inputs = ExamplesInputs(corpus="", recipe={}, since=None, knows=None, withdraw=(), benchmarks=())
    with store.write(target, "build_examples", inputs) as draft:
        records.write(draft.path / "train.jsonl", _examples(count))
        making, _ = timed(lambda: sum(1 for _ in _examples(count)))
        both, _ = timed(
            lambda: records.write_rows(
                draft.path / "documents.jsonl", lineage.shares(lineage.entries_of(enumerate(_examples(count))))
            )
        )
        draft.conclude(ExamplesOutcome(corpus="", train=count))
    return target, round(both - making, 2)


def _examples(count: int) -> Iterator[Example]:
    """Yield examples; the first half and the second are about the same documents."""
    for number in range(count):
        id = f"pmid:{10_000_000 + number % (count // 2)}"
        yield Example.model_construct(
            question=f"What is known of number {number}?",
            answer=ANSWER,
            document_ids=(id,),
            document_revisions=(1,),
            document_digests=(hashlib.sha256(id.encode()).hexdigest()[:16],),
            source="pubmed",
            language="en",
        )


def _register(store: ArtifactStore, examples: str, turn: int) -> str:
    """Write a version whose adapter learned from the examples and from nothing else; return its ref."""
    adapter, target = ref("adapter", turn), f"version/bench-v{turn}"
    trained = AdapterOutcome(
        recipe="bench",
        method="sft",
        base="base",
        base_digest="",
        data=examples,
        start_from=BASE,
        examples=0,
        metrics={},
        digest="",
    )
    if store.find(adapter) is None:
        inputs = AdapterInputs(recipe={}, base="", data=examples, start_from=BASE)
        with store.write(adapter, "train", inputs) as draft:
            draft.conclude(trained)
    if store.find(target) is None:
        contract = ServingContract(base="base", base_digest="", precision="float32", max_new_tokens=1, guardrails="")
        judged = VersionInputs(adapter=adapter, evaluation="", decision="", parent=BASE, incumbent=BASE)
        with store.write(target, "register", judged) as draft:
            draft.conclude(
                VersionOutcome(
                    adapter=adapter,
                    digest="",
                    recipe="bench",
                    base="base",
                    contract=contract,
                    corpus="",
                    examples=examples,
                    evaluation="",
                    decision="",
                    outcome=Outcome.PASS,
                    number=turn,
                    name=f"bench-v{turn}",
                    page="",
                )
            )
    return target


def _scan(path: Path, document: str) -> list[int]:
    """Return the rows of the examples about a document without an index, by reading every example."""
    with path.open(encoding="utf-8") as lines:
        return [number for number, line in enumerate(lines) if document in json.loads(line)["document_ids"]]


def _rows_found(store: ArtifactStore, traced: str) -> list[int]:
    """Return the row numbers that a trace recorded; 0 for what has no row, such as a document."""
    return [row.get("row", 0) for row in records.read_rows(store.folder(traced) / "found.jsonl")]
