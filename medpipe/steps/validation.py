"""Great Expectations between what arrives and what is used: validate."""

from __future__ import annotations

from medpipe import records
from medpipe.core.refs import Ref
from medpipe.errors import BatchRejected
from medpipe.ports import Draft, Ports
from medpipe.steps.artifact import facts, once, rows_file, validation_inputs
from medpipe.steps.quarantine import QUARANTINE, held_back


def validate(data: Ref, suite: str, *, ports: Ports) -> Ref:
    """Great Expectations on every row: bad rows are quarantined with reasons, a bad batch stops.

    Returns `data` unchanged, so that the next verb says what it reads. Raises BatchRejected.
    """
    def fill(draft: Draft) -> None:
        rows = list(records.read_rows(rows_file(ports, data, suite)))
        draft.facts.update(rows=len(rows), accepted=True, reasons=[], quarantined_rows=[], report="")
        if not rows:  # a day without news is no fault; volume over several days is watched by detect_drift
            return
        result = ports.validator.validate(rows, suite, name=data.replace("/", "-"))
        records.write_rows(draft.path / QUARANTINE, held_back(rows, result.rejected))
        draft.facts.update(accepted=result.accepted, reasons=list(result.reasons),
                           quarantined_rows=sorted(result.rejected), report=result.report)

    validation = once(ports, "validation", "validate", validation_inputs(ports, data, suite), fill)
    found = facts(ports, validation)
    if not found["accepted"]:
        raise BatchRejected(f"{data} was stopped by the suite {suite!r}: {'; '.join(found['reasons'])}. "
                            f"See {found['report']}; nothing of it entered the corpus.")
    return data
