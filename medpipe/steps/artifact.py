"""Artifacts, as all verbs use them: refs made from inputs, each artifact made once, and typed manifests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from medpipe import code_digest, records
from medpipe.core.manifests import (
    BLANKABLE,
    AnyManifest,
    Inputs,
    Manifest,
    ReviewManifest,
    ValidationInputs,
    ValidationManifest,
)
from medpipe.core.refs import kind_of, ref
from medpipe.errors import NotFound, NotValidated, UsageError
from medpipe.ports import Ports
from medpipe.steps.lease import exclusively
from medpipe.steps.unerased import Unerased

ROWS = {"documents": "documents.jsonl", "examples": "train.jsonl", "pairs": "train.jsonl", "feedback": "feedback.jsonl"}
"""Kind of data → the file with its rows. The kind is also the name of the suite."""
BAD_RECORDS = "bad_records.jsonl"
"""In the folder of a delivery that has any: one `BadRecord` a line."""


def target_ref(kind: str, verb: str, inputs: Inputs, code: str = "") -> str:
    """Return the ref of the artifact that a verb makes of `inputs`.

    `code`: digest of the code that makes it; empty: of today's code (`code_digest`).
    """
    values = inputs.model_dump(mode="json")
    code = code or code_digest.of(verb, values["source"] if verb == "pull" else "")
    return ref(kind, {"verb": verb, "code": code, "inputs": values})


def once(
    ports: Ports,
    kind: str,
    verb: str,
    inputs: Inputs,
    fill: Callable[[Path], BaseModel],
    unerased: Unerased | None = None,
) -> str:
    """Return the ref of the artifact that a verb makes of `inputs`, after making it if it does not exist yet.

    `fill` writes the artifact's files into the folder that it gets, and returns the outcome. `unerased`: publishes the
    artifact, if it can hold what people wrote. Raises Unavailable if something of that was erased meanwhile.
    """
    if kind in BLANKABLE and unerased is None:
        raise TypeError(f"{kind} can hold what people wrote: {verb} must publish it through Unerased")
    target = target_ref(kind, verb, inputs)
    if not is_whole(ports, target):
        with ExitStack() as publication, ports.store.write(target, verb, inputs) as draft:
            outcome = fill(draft.path)
            if unerased:
                publication.enter_context(unerased.publishing())  # until the store has put the draft into place
            draft.conclude(outcome)
    return target


def once_alone(
    ports: Ports,
    kind: str,
    verb: str,
    inputs: Inputs,
    fill: Callable[[Path], BaseModel],
    unerased: Unerased | None = None,
) -> str:
    """Return the ref as `once` does, and let one worker at a time make it: for work that costs hours.

    Raises Unavailable when another worker is making it, or took over: then nothing of this one's work is published.
    """
    target = target_ref(kind, verb, inputs)
    if is_whole(ports, target):
        return target
    with exclusively(ports.leases, target) as check:

        def checked(folder: Path) -> BaseModel:
            outcome = fill(folder)
            check()
            return outcome

        return once(ports, kind, verb, inputs, checked, unerased)


def is_whole(ports: Ports, target: str) -> bool:
    """Return whether an artifact exists with all its files: `gc` may have left the manifest only."""
    return ports.store.find(target) is not None and ports.store.swept(target) is None


def manifest(ports: Ports, target: str, kind: type[AnyManifest]) -> AnyManifest:
    """Return the manifest of a whole artifact of a kind.

    Raises UsageError for a string that is not a ref of this kind, and NotFound when there is no such artifact.
    """
    check_kind(target, kind)
    stored = ports.store.find(target)
    if not isinstance(stored, kind):
        raise NotFound(f"{target} does not exist or was never finished: run the verb that makes it first")
    return stored


def check_kind(target: str, kind: type[Manifest]) -> None:
    """Raise UsageError for a string that is not a ref of this kind. Whether the artifact exists is not checked."""
    if kind_of(target) != kind.kind:
        raise UsageError(f"expected {ref_of(kind.kind)}, got {target}")


def ref_of(kind: str) -> str:
    """Return how messages name a ref of a kind: "a corpus/… ref", "an examples/… ref"."""
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}/… ref"


def validation_inputs(ports: Ports, data: str, suite: str, compared_with: str = "") -> ValidationInputs:
    """Return the inputs of a validation of `data` by the suite's present text."""
    return ValidationInputs(data=data, suite=suite, expectations=ports.suite(suite), compared_with=compared_with)


def validation_ref(ports: Ports, data: str, suite: str) -> str:
    """Return the ref of the validation of `data` by the suite's present text, compared with no other delivery."""
    return target_ref("validation", "validate", validation_inputs(ports, data, suite))


def validation_of(ports: Ports, data: str, suite: str) -> ValidationManifest | None:
    """Return the validation of `data` by the suite's present text, one that accepted it if there is one.

    A delivery can be validated several times: by itself, and compared with different earlier deliveries.
    """
    wanted = validation_inputs(ports, data, suite)
    alone = ports.store.find(target_ref("validation", "validate", wanted))
    if isinstance(alone, ValidationManifest) and alone.outcome.accepted:
        return alone
    validations = [
        validation
        for validation in ports.store.manifests(ValidationManifest)
        if validation.inputs.model_copy(update={"compared_with": ""}) == wanted
    ]
    accepted = (validation for validation in validations if validation.outcome.accepted)
    stopped = (validation for validation in reversed(validations) if validation == alone or alone is None)
    return next(accepted, None) or next(stopped, None)


def reviews(ports: Ports, data: str, suite: str) -> list[ReviewManifest]:
    """Return what people decided about rows that the suite's present text quarantined, ordered by ref.

    A decision is about rows of `data` and holds when other code validates them again.
    """
    wanted = validation_inputs(ports, data, suite)
    about = [
        review
        for review in ports.store.manifests(ReviewManifest)
        if (review.inputs.data, review.inputs.suite) == (data, suite)
    ]
    return sorted((review for review in about if _judged(ports, review) == wanted), key=lambda review: review.ref)


def _judged(ports: Ports, review: ReviewManifest) -> ValidationInputs | None:
    """Return the inputs of the validation that a review is about, by themselves, or None where it is gone."""
    validation = ports.store.find(review.inputs.validation)
    if not isinstance(validation, ValidationManifest):
        return None
    return validation.inputs.model_copy(update={"compared_with": ""})


def releases(ports: Ports, data: str, suite: str) -> tuple[ReviewManifest, ...]:
    """Return the reviews that released rows of `data`. They are an input of every artifact built from it."""
    return tuple(review for review in reviews(ports, data, suite) if review.inputs.decision == "release")


def release_refs(ports: Ports, data: str, suite: str) -> tuple[str, ...]:
    """Return the refs of `releases`, as inputs keep them."""
    return tuple(review.ref for review in releases(ports, data, suite))


def accepted_rows(ports: Ports, data: str, suite: str) -> Iterator[dict[str, Any]]:
    """Return an iterator over the rows of `data` that validation accepted or a person released.

    Raises NotValidated, on the call and not at the first row, if validation has not accepted the batch.
    """
    _check_data(data, suite)
    validation = validation_of(ports, data, suite)
    if validation is None or not validation.outcome.accepted:
        raise NotValidated(
            f"{data} has not passed the suite {suite!r}: run `medpipe validate --data {data} --suite {suite}` first"
        )
    released = {row for review in releases(ports, data, suite) for row in review.inputs.rows}
    quarantined = frozenset(validation.outcome.quarantined_rows) - released
    rows = enumerate(records.read_rows(rows_file(ports, data, suite)))
    return (row for number, row in rows if number not in quarantined)


def rows_file(ports: Ports, data: str, suite: str) -> Path:
    """Return the file of the rows of `data`. Raises UsageError for an unknown suite, or data of another kind."""
    _check_data(data, suite)
    return ports.store.folder(data) / ROWS[suite]


def _check_data(data: str, suite: str) -> None:
    check_suite(suite)
    if kind_of(data) != suite:
        raise UsageError(f"the suite {suite!r} validates {suite}/… refs, got {data}")


def check_suite(suite: str) -> None:
    """Raise UsageError for an unknown suite."""
    if suite not in ROWS:
        raise UsageError(f"no suite {suite!r}; there are {', '.join(sorted(ROWS))}")
