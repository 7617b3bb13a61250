"""Rows that validation quarantined, and people's decisions about them: quarantine, release, discard.

A decision is an artifact that never changes: who, why, which rows. An artifact built from a delivery after a release
has that release among its inputs, so its ref differs from that of an artifact built before.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from medpipe import records
from medpipe.core.corpus.bad_record import BadRecord
from medpipe.core.manifests import DocumentsManifest, ReviewedRecord, ReviewInputs, ReviewOutcome, ValidationManifest
from medpipe.core.refs import Ref, kind_of
from medpipe.errors import NotFound, UsageError
from medpipe.ports import Ports
from medpipe.steps.artifact import BAD_RECORDS, check_suite, once, reviews, validation_of, validation_ref

QUARANTINE = "quarantine.jsonl"
"""In the folder of a validation: one `Quarantined` a line."""
_WITHOUT_ID = "without id"


class Quarantined(BaseModel):
    """A row that validation quarantined, as it came, with its number from 0 and the reasons.

    A record that its pull could not read has a number after the delivery's rows, and a `BadRecord` as its row.
    """

    model_config = ConfigDict(frozen=True)
    index: int
    id: str
    source: str
    reasons: tuple[str, ...]
    row: dict[str, Any]


def quarantine(data: Ref | None = None, suite: str | None = None, texts: bool = False, *, ports: Ports) -> str:
    """List the quarantined rows that await a decision: batch, suite, row number, id, source and reasons.

    Records that a pull could not read are among them: the reason names file and place.

    Of all batches, or of `data` or `suite` only. `texts` adds each whole row: it may contain what people wrote.
    """
    if data is not None:
        kind_of(data)
    if suite is not None:
        check_suite(suite)
    lines = [
        line
        for validation in ports.store.manifests(ValidationManifest)
        if data in (None, validation.inputs.data) and suite in (None, validation.inputs.suite)
        for undecided in _undecided(ports, validation)
        for line in _listed(validation, undecided, texts)
    ]
    return "\n".join(lines) or "No quarantined rows."


def waiting(ports: Ports) -> Counter[str]:
    """Return source → number of its documents' rows that are quarantined and await a decision."""
    documents = (stored for stored in ports.store.manifests(ValidationManifest) if stored.inputs.suite == "documents")
    held = (stored for stored in documents if stored.outcome.quarantined_rows or stored.outcome.unreadable)
    return Counter(row.source for validation in held for row in _undecided(ports, validation))


def release(
    data: Ref, suite: str, reason: str, by: str, rows: tuple[int, ...] = (), ids: tuple[str, ...] = (), *, ports: Ports
) -> Ref:
    """Let quarantined rows through, by number or id: a person's decision, with name and reason.

    Artifacts built from `data` from now on contain them. Raises UsageError for rows that are not quarantined, and for
    records that could not be read: they enter when their publisher corrects them.
    """
    return _decide("release", data, suite, reason, by, rows, ids, ports)


def discard(
    data: Ref, suite: str, reason: str, by: str, rows: tuple[int, ...] = (), ids: tuple[str, ...] = (), *, ports: Ports
) -> Ref:
    """Keep quarantined rows out permanently; they are no longer listed. Arguments and errors as for `release`."""
    return _decide("discard", data, suite, reason, by, rows, ids, ports)


def quarantine_lines(file: Path, rejected: Mapping[int, Sequence[str]]) -> Iterator[dict[str, Any]]:
    """Yield the lines of `QUARANTINE` for the rejected rows of a file (row number → reasons), by row number."""
    for index, row in records.rows_at(file, rejected) if rejected else ():
        id, source = _id_and_source(row)
        yield {"index": index, "id": id, "source": source, "reasons": list(rejected[index]), "row": row}


def bad_records(ports: Ports, data: Ref) -> Iterator[BadRecord]:
    """Yield the records of a delivery that its pull could not read."""
    pulled = ports.store.find(data)
    if isinstance(pulled, DocumentsManifest) and pulled.outcome.bad_records:
        yield from records.read(ports.store.folder(data) / BAD_RECORDS, BadRecord)


def unreadable_lines(bad: Iterable[BadRecord], first: int) -> Iterator[dict[str, Any]]:
    """Yield the lines of `QUARANTINE` for records that could not be read, numbered from `first` on."""
    for index, record in enumerate(bad, start=first):
        id, row = record.id or _WITHOUT_ID, record.model_dump()
        yield {"index": index, "id": id, "source": record.source, "reasons": [record.in_words()], "row": row}


def _undecided(ports: Ports, validation: ValidationManifest) -> Iterator[Quarantined]:
    """Yield the rows that a validation quarantined and that await a decision.

    A validation by an earlier text of its suite has none: the present text has judged those rows again.
    """
    data, suite = validation.inputs.data, validation.inputs.suite
    if validation_of(ports, data, suite) == validation:
        decided = {row for review in reviews(ports, data, suite) for row in review.inputs.rows}
        yield from (row for row in _quarantined(ports, validation) if row.index not in decided)


def _listed(validation: ValidationManifest, row: Quarantined, texts: bool) -> list[str]:
    batch = f"{validation.inputs.data} {validation.inputs.suite}"
    line = f"{batch} row {row.index} {row.id} ({row.source}): {' '.join(row.reasons)}"
    return [line, json.dumps(row.row, ensure_ascii=False)] if texts else [line]


def _decide(
    decision: Literal["release", "discard"],
    data: Ref,
    suite: str,
    reason: str,
    by: str,
    rows: Sequence[int],
    ids: Sequence[str],
    ports: Ports,
) -> Ref:
    if not reason.strip() or not by.strip():
        raise UsageError("say why (reason) and who decides (by): both are kept")
    quarantined = _quarantined_rows(ports, data, suite)
    chosen = sorted({*rows, *_numbers(quarantined, ids, data)})
    if not chosen:
        raise UsageError("say which rows, by number (rows) or by id (ids); `medpipe quarantine` lists them")
    unknown = [row for row in chosen if row not in quarantined]
    if unknown:
        raise UsageError(
            f"never quarantined in {data}: row {', '.join(map(str, unknown))}; `medpipe quarantine` lists the rows"
        )
    judged = validation_of(ports, data, suite)
    if decision == "release" and judged and (unreadable := [row for row in chosen if row >= judged.outcome.rows]):
        raise UsageError(
            f"row {', '.join(map(str, unreadable))} of {data} could not be read, so there is nothing to release: it "
            "enters when its publisher corrects it. `medpipe discard` takes it off the list"
        )
    inputs = ReviewInputs(
        validation=judged.ref if judged else validation_ref(ports, data, suite),
        data=data,
        suite=suite,
        rows=tuple(chosen),
        decision=decision,
        reason=reason.strip(),
        by=by.strip(),
    )
    _refuse_second_decision(ports, inputs)

    def fill(_: Path) -> ReviewOutcome:
        return ReviewOutcome(records=tuple(quarantined[row] for row in chosen))

    return once(ports, "review", decision, inputs, fill)


def _reviewed(row: Quarantined) -> ReviewedRecord:
    return ReviewedRecord(row=row.index, id=row.id, source=row.source, reasons=row.reasons)


def _refuse_second_decision(ports: Ports, inputs: ReviewInputs) -> None:
    """Raise UsageError if one of the rows was decided before: something may have been built on that decision."""
    for earlier in reviews(ports, inputs.data, inputs.suite):
        decided_before = sorted(set(earlier.inputs.rows) & set(inputs.rows))
        if decided_before and earlier.inputs != inputs:
            raise UsageError(
                f"row {', '.join(map(str, decided_before))} of {inputs.data} was decided already: "
                f"{earlier.inputs.decision} by {earlier.inputs.by} ({earlier.ref})"
            )


def _quarantined_rows(ports: Ports, data: Ref, suite: str) -> dict[int, ReviewedRecord]:
    """Map the number of every row of a batch that validation quarantined, decided or not, to its id and reasons."""
    check_suite(suite)
    kind_of(data)
    validation = validation_of(ports, data, suite)
    if validation is None:
        raise NotFound(f"{data} was never validated by the suite {suite!r}, so none of its rows is quarantined")
    if not validation.outcome.accepted:
        raise UsageError(
            f"{data} was stopped whole by the suite {suite!r}: {'; '.join(validation.outcome.reasons)}. "
            "Single rows of it cannot be decided"
        )
    return {row.index: _reviewed(row) for row in _quarantined(ports, validation)}


def _quarantined(ports: Ports, validation: ValidationManifest) -> Iterator[Quarantined]:
    outcome = validation.outcome
    if outcome.accepted and (outcome.quarantined_rows or outcome.unreadable):
        yield from records.read(ports.store.folder(validation.ref) / QUARANTINE, Quarantined)


def _numbers(quarantined: Mapping[int, ReviewedRecord], ids: Sequence[str], data: Ref) -> list[int]:
    """Return the numbers of the rows with these ids. Raises UsageError for an id that no quarantined row has."""
    unknown = sorted(set(ids) - {row.id for row in quarantined.values()})
    if unknown:
        raise UsageError(f"never quarantined in {data}: {', '.join(unknown)}; `medpipe quarantine` lists the rows")
    return [number for number, row in quarantined.items() if row.id in ids]


def _id_and_source(row: Mapping[str, Any]) -> tuple[str, str]:
    """Return how a row is called in lists, and where it came from."""
    id = row.get("id") or row.get("answer_id") or "+".join(row.get("document_ids") or ()) or _WITHOUT_ID
    return str(id), str(row.get("source") or "users")
