"""What every verb shares: the same inputs give the same ref, and a ref is made once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from medpipe import __version__, records
from medpipe.core.refs import ref
from medpipe.errors import MedpipeError, NotValidated
from medpipe.ports import Draft, Manifest, Ports

ROWS = {"documents": "documents.jsonl", "examples": "train.jsonl", "pairs": "train.jsonl", "feedback": "feedback.jsonl"}
"""The file that holds the rows of each kind of data, which is also the name of its suite."""


def once(ports: Ports, kind: str, verb: str, inputs: Mapping[str, Any], fill: Callable[[Draft], None]) -> str:
    """The ref of what `inputs` produce; `fill` runs only if no whole artifact has it yet."""
    target = ref(kind, {"verb": verb, "code": __version__, "inputs": inputs})
    if ports.store.find(target) is None:
        with ports.store.write(target, verb, inputs) as draft:
            fill(draft)
    return target


def manifest(ports: Ports, target: str) -> Manifest:
    """The manifest of a whole artifact; raises MedpipeError when there is none."""
    found = ports.store.find(target)
    if found is None:
        raise MedpipeError(f"{target} does not exist (or was never finished): run the verb that makes it first")
    return found


def facts(ports: Ports, target: str) -> Mapping[str, Any]:
    return manifest(ports, target).facts


def validation_inputs(ports: Ports, data: str, suite: str) -> dict[str, str]:
    return {"data": data, "suite": suite, "expectations": ports.suite(suite)}


def validation_ref(ports: Ports, data: str, suite: str) -> str:
    """Where the validation of `data` by the suite's current text is, or will be."""
    inputs = validation_inputs(ports, data, suite)
    return ref("validation", {"verb": "validate", "code": __version__, "inputs": inputs})


def validation_of(ports: Ports, data: str, suite: str) -> Manifest | None:
    """The validation of `data` by the suite's current text: one that accepted it, if there is one.

    A delivery may be validated again in another way (against another previous delivery, or none).
    """
    inputs = validation_inputs(ports, data, suite)
    found = ports.store.find(validation_ref(ports, data, suite))
    if found is not None and found.facts["accepted"]:
        return found
    others = [other for other in ports.store.manifests("validation") if inputs.items() <= dict(other.inputs).items()]
    return next((other for other in others if other.facts["accepted"]), found or (others[-1] if others else None))


def reviews(ports: Ports, data: str, suite: str) -> list[Manifest]:
    """What people decided about rows that the suite's current text held back, in the order of their refs."""
    judged = validation_ref(ports, data, suite)
    found = [review for review in ports.store.manifests("review") if review.inputs["validation"] == judged]
    return sorted(found, key=lambda review: review.ref)


def releases(ports: Ports, data: str, suite: str) -> dict[str, list[str]]:
    """`{"released": refs}` where people released rows of `data`, else nothing: an input of what is built of it."""
    found = [review.ref for review in reviews(ports, data, suite) if review.inputs["decision"] == "release"]
    return {"released": found} if found else {}


def accepted_rows(ports: Ports, data: str, suite: str) -> Iterator[dict[str, Any]]:
    """The rows of `data` that validation did not quarantine or a person released, one at a time.

    Raises NotValidated, at once and not at the first row, when validation never accepted them.
    """
    validation = validation_of(ports, data, suite)
    if validation is None or not validation.facts["accepted"]:
        raise NotValidated(
            f"{data} has not passed the suite {suite!r}: run `medpipe validate --data {data} --suite {suite}` first"
        )
    released = {
        row
        for review in releases(ports, data, suite).get("released", ())
        for row in manifest(ports, review).inputs["rows"]
    }
    quarantined = frozenset(validation.facts["quarantined_rows"]) - released
    rows = enumerate(records.read_rows(rows_file(ports, data, suite)))
    return (row for number, row in rows if number not in quarantined)


def rows_file(ports: Ports, data: str, suite: str) -> Path:
    if suite not in ROWS:
        raise MedpipeError(f"no suite {suite!r}; there are {', '.join(sorted(ROWS))}")
    return ports.store.folder(data) / ROWS[suite]
