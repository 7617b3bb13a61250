"""What documents taught: the claims in the training data that has them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from medpipe import records
from medpipe.core.manifests import ExamplesManifest, PairsManifest
from medpipe.core.teaching import answers
from medpipe.core.teaching.claim import Claim
from medpipe.core.teaching.example import Example, PreferencePair
from medpipe.core.teaching.phrasings import QUESTION
from medpipe.ports import Ports
from medpipe.steps import carried
from medpipe.steps.carried import TRAINING


def data_of(ports: Ports, version: str) -> frozenset[str]:
    """Return the examples and pairs that a version learned from, through every adapter that it continued."""
    return frozenset(adapter.outcome.data for adapter in carried.line_of(ports, version))


def claims_of(
    documents: Collection[str], ports: Ports, data: Collection[str] | None = None
) -> dict[str, tuple[Claim, ...]]:
    """Return document → what any of its revisions taught, without documents that taught nothing.

    `data`: refs of examples and pairs; None: all that are stored. Rows that teach that a claim was withdrawn
    do not count. Of claims that differ in their revision only, the first is kept.
    """
    wanted = frozenset(documents)
    if not wanted:
        return {}
    said: dict[str, dict[tuple[str, ...], Claim]] = {}
    for claim in _claims(ports, wanted, data):
        content = (claim.question_type, claim.focus, claim.answer, claim.language)
        said.setdefault(claim.document, {}).setdefault(content, claim)
    return {document: tuple(said[document].values()) for document in sorted(said)}


def _claims(ports: Ports, wanted: frozenset[str], data: Collection[str] | None) -> Iterator[Claim]:
    for examples in ports.store.manifests(ExamplesManifest):
        if (data is None or examples.ref in data) and not ports.store.swept(examples.ref):
            yield from _of_examples(ports, examples.ref, wanted)
    for pairs in ports.store.manifests(PairsManifest):
        if data is None or pairs.ref in data:
            yield from _of_pairs(ports.store.remains(pairs.ref) / TRAINING, wanted)


def _of_examples(ports: Ports, data: str, wanted: frozenset[str]) -> Iterator[Claim]:
    shares = list(carried.rows_about(ports, data, wanted))
    rows = {number for share in shares for number in share["rows"]}
    lines = records.rows_at(ports.store.folder(data) / TRAINING, rows) if rows else ()
    examples = {number: Example.model_validate(line) for number, line in lines}
    for share in shares:
        for example in (examples[number] for number in share["rows"] if number in examples):
            if example.role == "taught":
                yield Claim(
                    document=share["id"],
                    revision=share["revision"],
                    source=example.source,
                    question_type=example.question_type,
                    focus=example.focus or example.question,
                    answer=example.answer,
                    slot=example.slot,
                    language=example.language,
                    context=example.context,
                )


def _of_pairs(training: Path, wanted: frozenset[str]) -> Iterator[Claim]:
    for pair in (pair for pair in records.read(training, PreferencePair) if pair.chosen):  # "" when erased, too
        for document in wanted.intersection(pair.document_ids):
            yield Claim(
                document=document,
                revision=0,
                source="feedback",
                question_type=QUESTION,
                focus=pair.question,
                answer=pair.chosen,
                slot=answers.slot(pair.question, pair.chosen),
            )
