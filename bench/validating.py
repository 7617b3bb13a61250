"""The time and memory of `medpipe validate`, over deliveries and training sets of three sizes.

Documents are articles with structured abstracts of invented words, about 2 KB each. Examples are questions about
them. One row in a thousand is damaged, so that there are rows to quarantine. Each validation is a process of its own,
so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bench.measuring import peak_mb, run_child, timed
from medpipe import records
from medpipe.core.corpus.document import Document, Section
from medpipe.core.manifests import (
    DocumentsInputs,
    DocumentsOutcome,
    ExamplesInputs,
    ExamplesOutcome,
    Inputs,
    ValidationManifest,
)
from medpipe.core.refs import ref
from medpipe.core.teaching.example import Example
from medpipe.settings import Settings
from medpipe.steps.artifact import ROWS
from medpipe.steps.validation import validate
from medpipe.wiring import Wiring

NAME = "validate"
SIZES = (30_000, 300_000, 1_000_000)
SUITES = ("documents", "examples")
DAMAGED = 1_000
"""One row in so many is damaged."""
END = date(2026, 3, 4)
WORDS = [f"w{number:04x}" for number in range(4096)]


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return the seconds and the peak memory of each suite and size."""
    sizes = [size // (100 if options.quick else 1) for size in SIZES]
    return {
        suite: {
            str(size): run_child("bench.validating", suite, size, options.folder / f"{suite}-{size}") for size in sizes
        }
        for suite in SUITES
    }


def rows(figures: dict[str, Any]) -> list[str]:
    """Return the figures as rows of the table."""
    return [
        f"| validate {int(size):,} {suite} | {run['seconds']} s, {run['peak_megabytes']} MB |"
        for suite in SUITES
        for size, run in figures[suite].items()
    ]


def _work(suite: str, size: int, home: Path) -> dict[str, Any]:
    """Validate so many rows in this process. Raises RuntimeError when another number of rows was quarantined."""
    ports = Wiring(Settings(home=home))
    data = _documents(ports, size) if suite == "documents" else _examples(ports, size)
    before = peak_mb()
    seconds, _ = timed(lambda: validate(data, suite, ports=ports))
    (validation,) = ports.store.manifests(ValidationManifest)
    if len(validation.outcome.quarantined_rows) != -(-size // DAMAGED):
        raise RuntimeError(f"{len(validation.outcome.quarantined_rows)} rows were quarantined: the time means nothing")
    return {"seconds": round(seconds, 1), "peak_megabytes": peak_mb(), "before_megabytes": before}


def _documents(ports: Wiring, size: int) -> str:
    window = DocumentsInputs(source="pubmed", start=END - timedelta(days=1), end=END, file="pubmed26n9999.xml.gz")
    return _put(ports, "documents", window, DocumentsOutcome(documents=size), _articles(size))


def _examples(ports: Wiring, size: int) -> str:
    inputs = ExamplesInputs(corpus="", recipe={}, since=None, knows=None, withdraw=(), benchmarks=())
    return _put(ports, "examples", inputs, ExamplesOutcome(corpus="", train=size), _questions(size))


def _put(ports: Wiring, kind: str, inputs: Inputs, outcome: Any, values: Iterator[Any]) -> str:
    target = ref(kind, inputs.model_dump(mode="json"))
    with ports.store.write(target, "bench", inputs) as draft:
        records.write(draft.path / ROWS[kind], values)
        draft.conclude(outcome)
    return target


def _articles(size: int) -> Iterator[Document]:
    chance = random.Random(17)
    bodies = [
        tuple(
            Section(heading=heading, text=" ".join(chance.choices(WORDS, k=60)))
            for heading in ("BACKGROUND", "METHODS", "RESULTS", "CONCLUSIONS")
        )
        for _ in range(1_000)
    ]
    for number in range(size):
        yield Document(
            id=f"pmid:{10_000_000 + number}",
            revision=20260303001,
            source="pubmed",
            title=f"A study of {WORDS[number % 4096]}{_damage(number)}",
            published=date(2000, 1, 1) + timedelta(days=number % 9000),
            licence="NLM citation data; abstracts may be their publishers' copyright",
            sections=bodies[number % 1_000],
            url=f"https://pubmed.ncbi.nlm.nih.gov/{10_000_000 + number}/",
            types=("Journal Article",),
        )


def _questions(size: int) -> Iterator[Example]:
    chance = random.Random(17)
    answers = [" ".join(chance.choices(WORDS, k=60)) for _ in range(1_000)]
    for number in range(size):
        yield Example(
            question=f"What is known of {WORDS[number % 4096]}{_damage(number)}?",
            answer=answers[number % 1_000],
            document_ids=(f"pmid:{10_000_000 + number}",),
            document_digests=("0" * 16,),
            source="pubmed",
            question_type="conclusion",
        )


def _damage(number: int) -> str:
    return "\ufffd" if number % DAMAGED == 0 else ""


if __name__ == "__main__":
    print(json.dumps(_work(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))))
