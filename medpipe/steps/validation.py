"""Great Expectations between what arrives and what is used: validate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from medpipe import records
from medpipe.core import sources
from medpipe.core.corpus import measures
from medpipe.core.refs import CorpusRef, Ref
from medpipe.errors import BatchRejected
from medpipe.ports import Delivery, Draft, Manifest, Ports
from medpipe.steps.artifact import facts, manifest, once, rows_file, validation_inputs
from medpipe.steps.quarantine import QUARANTINE, held_back

GENERATIONS = 30
"""How many corpora back the previous delivery of a source is looked for: a month of days."""


def validate(data: Ref, suite: str, previous: CorpusRef | None = None, *, ports: Ports) -> Ref:
    """Great Expectations on every row: bad rows are quarantined with reasons, a bad batch stops.

    `previous` is the corpus that a delivery is to be folded into: with it, the delivery is compared with the one
    that this corpus had of the same source. Returns `data` unchanged, so that the next verb says what it reads.
    Raises BatchRejected.
    """
    before = _delivered_before(ports, data, previous)
    inputs = validation_inputs(ports, data, suite) | ({"compared_with": before.ref} if before else {})

    def fill(draft: Draft) -> None:
        rows = list(records.read_rows(rows_file(ports, data, suite)))
        draft.facts.update(rows=len(rows), accepted=True, reasons=[], remarks=[], quarantined_rows=[], report="")
        if not rows:  # a day without news is no fault; volume over several days is watched by detect_drift
            return
        delivery = _delivery(ports.store.find(data), rows, before)
        result = ports.validator.validate(rows, suite, _name(data, before), delivery)
        records.write_rows(draft.path / QUARANTINE, held_back(rows, result.rejected))
        draft.facts.update(
            accepted=result.accepted,
            reasons=list(result.reasons),
            remarks=list(result.remarks),
            quarantined_rows=sorted(result.rejected),
            report=result.report,
            delivery=dict(delivery.measures),
        )

    found = facts(ports, once(ports, "validation", "validate", inputs, fill))
    if not found["accepted"]:
        raise BatchRejected(
            f"{data} was stopped by the suite {suite!r}: {'; '.join(found['reasons'])}. "
            f"See {found['report']}; nothing of it entered the corpus."
        )
    return data


def _name(data: Ref, before: Manifest | None) -> str:
    """What the run is called in Data Docs: each way in which a delivery was validated has a page of its own."""
    name = data.replace("/", "-")
    return name if before is None else f"{name}-after-{before.ref.split('/')[1]}"


def _delivered_before(ports: Ports, data: Ref, corpus: CorpusRef | None) -> Manifest | None:
    """The whole delivery of the same source that went into `corpus` or one before it most recently, if any."""
    source = _whole_of(ports, data)
    for _ in range(GENERATIONS):
        if corpus is None or source is None:
            return None
        built = manifest(ports, corpus).inputs
        found = [manifest(ports, pull) for pull in built["pulls"] if pull != data and _whole_of(ports, pull) == source]
        found = [each for each in found if each.facts["documents"]]
        if found:
            return max(found, key=lambda each: (str(each.inputs["end"]), each.ref))
        corpus = built["previous"]
    return None


def _whole_of(ports: Ports, data: Ref) -> str | None:
    """The source of which `data` is a whole delivery; None for a pull of some ids, and where none holds everything."""
    inputs = manifest(ports, data).inputs
    return str(inputs["source"]) if sources.whole(str(inputs.get("source"))) and not inputs.get("ids") else None


def _delivery(pulled: Manifest | None, rows: Sequence[Mapping[str, Any]], before: Manifest | None) -> Delivery:
    """What the pull's own window says of its rows. A pull of some ids is no delivery."""
    if pulled is None or "end" not in pulled.inputs or "source" not in pulled.inputs:
        return Delivery()
    start, end = (date.fromisoformat(str(pulled.inputs[name])) for name in ("start", "end"))
    if pulled.inputs.get("ids"):
        return Delivery(end=end)
    told = measures.of_delivery(
        rows, str(pulled.inputs["source"]), start, end, None if before is None else int(before.facts["documents"])
    )
    return Delivery(told, end)
