"""Tracing a document forward and a version back over a million examples, beside a plain scan of the training file."""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from medpipe import records, steps
from medpipe.backends.artifacts import FolderStore
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
from medpipe.settings import Settings
from medpipe.wiring import Wiring

NAME = "trace"
EXAMPLES = 1_000_000
ANSWER = "word " * 60


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Seconds of each; raises RuntimeError when a trace missed what the scan finds."""
    count = EXAMPLES // 100 if options.quick else EXAMPLES
    ports = _Quiet(Settings(home=options.folder))
    examples, index_seconds = _taught(ports.store, count)
    asked = [f"pmid:{10_000_000 + count // 3 + turn}" for turn in range(options.repeats)]
    scans = [_timed(lambda id=id: _scan(ports.store.folder(examples) / "train.jsonl", id)) for id in asked]
    forward = [_timed(lambda id=id: _found(ports, steps.trace((id,), ports=ports))) for id in asked]
    if [found for _, found in forward] != [found for _, found in scans] or not scans[0][1]:
        raise RuntimeError("the index and the file disagree: these figures would mean nothing")
    back = [
        _timed(lambda turn=turn: steps.trace((_version(ports.store, examples, turn),), back=True, ports=ports))
        for turn in range(options.repeats)
    ]
    one = [
        _timed(lambda turn=turn: steps.trace((f"{examples}#{count - 1 - turn}",), ports=ports))
        for turn in range(options.repeats)
    ]
    if len(_found(ports, back[0][1])) != count // 2:
        raise RuntimeError("documents are missing from the way back: these figures would mean nothing")
    return {
        "examples": count,
        "index_seconds": index_seconds,
        **{
            name: round(statistics.median(seconds for seconds, _ in runs), 4)
            for name, runs in (("scan", scans), ("forward", forward), ("back", back), ("one_example_back", one))
        },
    }


def rows(figures: dict[str, Any]) -> list[str]:
    """The figures as rows of the table."""
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
    @property
    def progress(self) -> Callable[[float, str], None]:  # type: ignore[override]
        return lambda share, text: None


def _taught(store: FolderStore, count: int) -> tuple[str, float]:
    """Examples in pairs about one document each, as build_examples leaves them, and seconds for their index."""
    target = ref("examples", count)
    inputs = ExamplesInputs(corpus="", recipe={}, since=None, knows=None, withdraw=(), benchmarks=())
    with store.write(target, "build_examples", inputs) as draft:
        records.write(draft.path / "train.jsonl", _examples(count))
        making, _ = _timed(lambda: sum(1 for _ in _examples(count)))
        both, _ = _timed(lambda: records.write_rows(draft.path / "documents.jsonl", lineage.shares(_examples(count))))
        draft.conclude(ExamplesOutcome(corpus="", train=count))
    return target, round(both - making, 2)


def _examples(count: int) -> Iterator[Example]:
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


def _version(store: FolderStore, examples: str, turn: int) -> str:
    """A version of an adapter that learned from the examples and from nothing else."""
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
        judged = VersionInputs(adapter=adapter, evaluation="", decision="", parent=BASE, incumbent=BASE)
        with store.write(target, "register", judged) as draft:
            draft.conclude(
                VersionOutcome(
                    adapter=adapter,
                    digest="",
                    recipe="bench",
                    base="base",
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


def _scan(path: Path, id: str) -> list[int]:
    """What tracing costs without an index: read every example."""
    with path.open(encoding="utf-8") as lines:
        return [number for number, line in enumerate(lines) if id in json.loads(line)["document_ids"]]


def _found(ports: Wiring, trace: str) -> list[int]:
    return [row.get("row", 0) for row in records.read_rows(ports.store.folder(trace) / "found.jsonl")]


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found
