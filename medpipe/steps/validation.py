"""Validation of data by a suite of Great Expectations before anything is built from it: validate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from medpipe import records
from medpipe.core import sources
from medpipe.core.corpus import measures
from medpipe.core.manifests import CorpusManifest, DocumentsInputs, DocumentsManifest, ValidationManifest
from medpipe.core.manifests import ValidationOutcome as Outcome
from medpipe.core.refs import CorpusRef, Ref
from medpipe.errors import BatchRejected
from medpipe.ports import Delivery, Ports
from medpipe.steps.artifact import manifest, once, rows_file, validation_inputs
from medpipe.steps.quarantine import QUARANTINE, bad_records, quarantine_lines, unreadable_lines
from medpipe.steps.unerased import Unerased

GENERATIONS = 30
"""The number of earlier corpora among which the previous delivery of a source is searched. About a month of days."""

_REPORTED = 50_000


def validate(data: Ref, suite: str, previous: CorpusRef | None = None, *, ports: Ports) -> Ref:
    """Check every row by a suite of expectations: bad rows are quarantined with reasons, a bad batch is stopped.

    `previous`: the corpus that a delivery will be folded into. The delivery is then compared with the last one of
    the same source that this corpus has. Returns `data` unchanged, so that a DAG shows that the next verb reads
    validated data. Raises BatchRejected.
    """
    unerased = Unerased(ports, data)
    file = rows_file(ports, data, suite)
    before = _delivered_before(ports, data, previous)
    inputs = validation_inputs(ports, data, suite, before.ref if before else "")

    def fill(folder: Path) -> Outcome:
        outcome, rejected = _judged(ports, data, suite, file, before)
        unreadable = list(unreadable_lines(bad_records(ports, data), outcome.rows))
        if outcome.rows or unreadable:
            records.write_rows(folder / QUARANTINE, chain(quarantine_lines(file, rejected), unreadable))
        return outcome.model_copy(update={"unreadable": len(unreadable)})

    outcome = manifest(ports, once(ports, "validation", "validate", inputs, fill, unerased), ValidationManifest).outcome
    if not outcome.accepted:
        raise BatchRejected(
            f"{data} was stopped by the suite {suite!r}: {'; '.join(outcome.reasons)}. "
            f"See {outcome.report}; nothing of it entered the corpus."
        )
    return data


def _judged(
    ports: Ports, data: Ref, suite: str, file: Path, before: DocumentsManifest | None
) -> tuple[Outcome, Mapping[int, Sequence[str]]]:
    """Apply the suite, and return why rows are rejected with its outcome."""
    count = records.count(file)
    if not count:  # a day without news passes: detect_drift watches the volume over several days
        return Outcome(rows=0, accepted=True), {}
    delivery = _delivery(ports.store.find(data), file, before)
    rows = _read(ports, data, file, count)
    validation = ports.validator.validate(rows, suite, _run_name(data, before), delivery)
    outcome = Outcome(
        rows=count,
        accepted=validation.accepted,
        reasons=tuple(validation.reasons),
        remarks=tuple(validation.remarks),
        quarantined_rows=tuple(sorted(validation.rejected)),
        report=validation.report,
        delivery=dict(delivery.measures),
    )
    return outcome, validation.rejected


def _read(ports: Ports, data: Ref, file: Path, count: int) -> Iterator[dict[str, Any]]:
    """Yield the rows, and report after every 50,000 of them how many were read."""
    for number, row in enumerate(records.read_rows(file)):
        if number % _REPORTED == 0 and number:
            ports.progress(number / count, f"{data}: {number:,} of {count:,} rows measured")
        yield row


def _run_name(data: Ref, before: DocumentsManifest | None) -> str:
    """Name the run in Data Docs. A delivery has a page for each delivery that it was compared with."""
    name = data.replace("/", "-")
    return name if before is None else f"{name}-after-{before.ref.split('/')[1]}"


def _delivered_before(ports: Ports, data: Ref, corpus: CorpusRef | None) -> DocumentsManifest | None:
    """Return the last whole delivery of the same source that went into `corpus` or an earlier one, if any."""
    source = None if corpus is None else _whole_delivery_of(ports.store.find(data))
    for _ in range(GENERATIONS):
        if corpus is None or source is None:
            return None
        built = manifest(ports, corpus, CorpusManifest).inputs
        deliveries = [manifest(ports, pull, DocumentsManifest) for pull in built.pulls if pull != data]
        earlier = [
            delivery
            for delivery in deliveries
            if _whole_delivery_of(delivery) == source and delivery.outcome.documents > 0
        ]
        if earlier:
            return max(earlier, key=lambda delivery: (delivery.inputs.end, delivery.ref))
        corpus = None if built.previous is None else CorpusRef(built.previous)
    return None


def _whole_delivery_of(pulled: object) -> str | None:
    """Return the source that delivers everything each time, if this is a whole delivery of such a source."""
    return pulled.whole_source if isinstance(pulled, DocumentsManifest) else None


def _delivery(pulled: object, file: Path, before: DocumentsManifest | None) -> Delivery:
    """Return the measures of a delivery as a whole. A pull of some ids has none.

    Nor has a single file of a publisher's: it is as old as it is, and its window is the day of its posting. Data of
    another kind has no window, and the window of a published set says nothing about it.
    """
    if not isinstance(pulled, DocumentsManifest):
        return Delivery()
    window: DocumentsInputs = pulled.inputs
    if not sources.has_windows(window.source):  # any window returns the whole set, also one before it was published
        return Delivery()
    if window.ids or window.file:
        return Delivery(end=window.end)
    documents_before = None if before is None else before.outcome.documents
    rows = records.read_rows(file)
    return Delivery(measures.of_delivery(rows, window.source, window.start, window.end, documents_before), window.end)
