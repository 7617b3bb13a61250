"""Rows that validation held back, and what people decide about them: quarantine, release, discard.

A decision is an artifact of its own that is never changed: who, why, which rows. What is built from a delivery
afterwards has the releases among its inputs, so it gets another ref than what was built before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from medpipe import records
from medpipe.core.refs import Ref
from medpipe.errors import MedpipeError
from medpipe.ports import Draft, Manifest, Ports
from medpipe.steps.artifact import ROWS, once, reviews, validation_of, validation_ref

QUARANTINE = "quarantine.jsonl"
"""In the folder of a validation: one line a row that was held back."""


def quarantine(data: Ref | None = None, suite: str | None = None, texts: bool = False, *, ports: Ports) -> str:
    """The rows that wait for a person: delivery, suite, row number, id, source and reasons, one row a line.

    Of all deliveries, or of `data` or `suite` only. `texts` shows each row whole: it may hold what people wrote.
    """
    lines = []
    for found in ports.store.manifests("validation"):
        about = (str(found.inputs["data"]), str(found.inputs["suite"]))
        # What an earlier text of the suite held back was asked again under the present one.
        if data not in (None, about[0]) or suite not in (None, about[1]) or validation_of(ports, *about) != found:
            continue
        decided = {row for review in reviews(ports, *about) for row in review.inputs["rows"]}
        for held in _held_back(ports, found):
            if held["index"] not in decided:
                named = _named(held["row"])
                lines.append(
                    f"{about[0]} {about[1]} row {held['index']} {named['id']} ({named['source']}): "
                    + " ".join(held["reasons"])
                )
                lines += [json.dumps(held["row"], ensure_ascii=False)] if texts else []
    return "\n".join(lines) or "nothing waits"


def release(
    data: Ref, suite: str, reason: str, by: str, rows: tuple[int, ...] = (), ids: tuple[str, ...] = (), *, ports: Ports
) -> Ref:
    """Let rows through that validation held back, by number or id: a person's decision, with name and reason.

    What is built of `data` from now on has them. Raises MedpipeError for rows that do not wait.
    """
    return _decide("release", data, suite, reason, by, rows, ids, ports)


def discard(
    data: Ref, suite: str, reason: str, by: str, rows: tuple[int, ...] = (), ids: tuple[str, ...] = (), *, ports: Ports
) -> Ref:
    """Keep rows out for good that validation held back, so that they wait no longer. As `release` otherwise."""
    return _decide("discard", data, suite, reason, by, rows, ids, ports)


def held_back(rows: Sequence[Mapping[str, Any]], rejected: Mapping[int, Sequence[str]]) -> Iterator[dict[str, Any]]:
    """The lines of `QUARANTINE`: number, id, source, reasons and the row as it came."""
    for index, reasons in sorted(rejected.items()):
        yield {"index": index, **_named(rows[index]), "reasons": list(reasons), "row": rows[index]}


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
        raise MedpipeError("say why (reason) and who decides (by): both are kept")
    waiting = _waiting(ports, data, suite)
    chosen = sorted({*rows, *_numbers(waiting, ids, data)})
    if not chosen:
        raise MedpipeError("say which rows, by number (rows) or by id (ids); `medpipe quarantine` lists them")
    unknown = [row for row in chosen if row not in waiting]
    if unknown:
        raise MedpipeError(
            f"never quarantined in {data}: row {', '.join(map(str, unknown))}; `medpipe quarantine` lists what waits"
        )
    inputs = {
        "validation": validation_ref(ports, data, suite),
        "data": data,
        "suite": suite,
        "rows": chosen,
        "decision": decision,
        "reason": reason.strip(),
        "by": by.strip(),
    }
    _refuse_second_thoughts(ports, inputs)

    def fill(draft: Draft) -> None:
        draft.facts["records"] = [
            {"row": row, **_named(waiting[row]["row"]), "reasons": waiting[row]["reasons"]} for row in chosen
        ]

    return once(ports, "review", decision, inputs, fill)


def _refuse_second_thoughts(ports: Ports, inputs: Mapping[str, Any]) -> None:
    """A row is decided once: something may have been built on it."""
    for earlier in reviews(ports, inputs["data"], inputs["suite"]):
        both = sorted(set(earlier.inputs["rows"]) & set(inputs["rows"]))
        if both and dict(earlier.inputs) != inputs:
            raise MedpipeError(
                f"row {', '.join(map(str, both))} of {inputs['data']} was decided already: "
                f"{earlier.inputs['decision']} by {earlier.inputs['by']} ({earlier.ref})"
            )


def _waiting(ports: Ports, data: Ref, suite: str) -> dict[int, dict[str, Any]]:
    """Every row that validation held back, by number, decided or not."""
    if suite not in ROWS:
        raise MedpipeError(f"no suite {suite!r}; there are {', '.join(sorted(ROWS))}")
    found = validation_of(ports, data, suite)
    if found is None:
        raise MedpipeError(f"{data} was never validated by the suite {suite!r}, so nothing of it waits")
    if not found.facts["accepted"]:
        raise MedpipeError(
            f"{data} was stopped whole by the suite {suite!r}: {'; '.join(found.facts['reasons'])}. "
            "Single rows of it cannot be decided"
        )
    return {held["index"]: held for held in _held_back(ports, found)}


def _held_back(ports: Ports, validation: Manifest) -> Iterator[dict[str, Any]]:
    if validation.facts["accepted"] and validation.facts["quarantined_rows"]:
        yield from records.read_rows(ports.store.folder(validation.ref) / QUARANTINE)


def _numbers(waiting: Mapping[int, Mapping[str, Any]], ids: Sequence[str], data: Ref) -> Iterator[int]:
    """The rows that have the ids; raises MedpipeError for an id that none has."""
    by_id: dict[str, list[int]] = {}
    for number, held in waiting.items():
        by_id.setdefault(_named(held["row"])["id"], []).append(number)
    unknown = [each for each in ids if each not in by_id]
    if unknown:
        raise MedpipeError(f"never quarantined in {data}: {', '.join(unknown)}; `medpipe quarantine` lists what waits")
    for each in ids:
        yield from by_id[each]


def _named(row: Mapping[str, Any]) -> dict[str, str]:
    """What a row is called, and where it came from."""
    name = row.get("id") or row.get("answer_id") or "+".join(row.get("document_ids") or ()) or "without id"
    return {"id": str(name), "source": str(row.get("source") or "users")}
