"""What clinicians said of the answers on a sheet: queue_sheet, take_ratings."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from medpipe import records
from medpipe.core.judging.rating import figures
from medpipe.core.judging.rating.agreement import agreements
from medpipe.core.judging.rating.consensus import Rating, awaiting, by_answer
from medpipe.core.judging.rating.filled import Filled, Returned, returned
from medpipe.core.judging.rating.policy import Criterion, RatingPolicy
from medpipe.core.judging.rating.scale import DIMENSIONS
from medpipe.core.manifests import RaterFile, RatingsInputs, RatingsOutcome, SheetManifest
from medpipe.core.refs import RatingsRef, SheetRef
from medpipe.errors import UsageError
from medpipe.ports import Ports
from medpipe.steps.artifact import manifest, once
from medpipe.steps.erased import Erased, erased_digest
from medpipe.steps.sampling import key_of, shown_on, write_for_raters
from medpipe.steps.unerased import Unerased

RATINGS, REFUSED = "ratings.jsonl", "refused.jsonl"
"""In the folder of ratings: what was taken, one `Rating` a line, and the rows that were not, with their reasons."""
QUEUE = "mlflow"
"""What names a review queue in place of a file."""
_LARGEST = 64 << 20
"""Bytes of a rater's file."""


def queue_sheet(sheet: SheetRef, raters: tuple[str, ...], *, ports: Ports) -> str:
    """Put the answers of a sheet into a review queue of MLflow for each rater, and return where they are.

    `raters`: holders of keys in force whom `policies/ratings.yaml` names. Each sees the rubric and the answers, and not
    what others said. Called again, it adds what is missing. `take_ratings` then takes `mlflow` in place of a file.
    """
    rubric = manifest(ports, sheet, SheetManifest).inputs.rubric
    criteria = {name: Criterion.model_validate(rubric[name]) for name in DIMENSIONS}
    if not raters:
        raise UsageError("name the raters: holders of keys, whom policies/ratings.yaml names")
    for rater in raters:
        _check_rater(rater, ports)
    answers = list(shown_on(ports, sheet).values())
    return "\n".join(f"{rater}: {ports.queues.offer(sheet, rater, answers, criteria)}" for rater in raters)


def take_ratings(sheet: SheetRef, files: tuple[str, ...], raters: tuple[str, ...], *, ports: Ports) -> RatingsRef:
    """Take the files that raters filled in, all of a sheet together, and say how well the raters agree.

    `files`: one for each rater, or `mlflow` in its place: what the rater said in the queue (`queue_sheet`). `raters`:
    who filled them in, in the same order: holders of keys in force (`medpipe keys`) whom `policies/ratings.yaml` names.
    A row that cannot be read costs itself, with file, row and reason. Where two raters differ or only one rated, the
    artifact has `for-raters` with these rows: give a copy to a third, and take all files again. Raises UsageError for a
    file that cannot be read at all; then nothing is taken.
    """
    told = manifest(ports, sheet, SheetManifest).inputs.rubric
    policy, unerased = ports.rating_policy, Unerased(ports)
    own = [Path(file).absolute() for file in files if file != QUEUE]
    if len(files) != len(raters) or not files or len(set(raters)) < len(raters) or len(set(own)) < len(own):
        raise UsageError(f"{len(files)} files and {len(raters)} raters: give one file for each rater, and each once")
    for rater in raters:
        _check_rater(rater, ports)
    contents = [
        _queued(sheet, rater, ports) if file == QUEUE else _content(file)
        for file, rater in zip(files, raters, strict=True)
    ]
    shown = shown_on(ports, sheet)
    names = [f"{QUEUE}.jsonl" if file == QUEUE else Path(file).name for file in files]
    taken = [returned(name, content, shown) for name, content in zip(names, contents, strict=True)]
    rubric = RatingPolicy.model_validate({**policy.model_dump(), "rubric": told})  # a third reads what two have read
    inputs = RatingsInputs(
        sheet=sheet,
        raters=tuple(
            RaterFile(identity=rater, qualification=policy.raters[rater], content=hashlib.sha256(content).hexdigest())
            for rater, content in zip(raters, contents, strict=True)
        ),
        least_agreement=policy.least_agreement,
        erased=erased_digest(ports),
    )

    def fill(folder: Path) -> RatingsOutcome:
        ratings, identifiers = _ratings(taken, raters, ports)
        refused = [
            row.model_copy(update={"file": f"file {number}"})  # a name may be a person's, and two may be equal
            for number, one in enumerate(taken, start=1)
            for row in one.refused
        ]
        records.write(folder / RATINGS, ratings)
        records.write(folder / REFUSED, refused)
        open_rows = awaiting(shown, by_answer(ratings))
        if open_rows:
            write_for_raters(folder, [shown[id] for id in open_rows], rubric.in_words())
        key = list(key_of(ports, sheet).values())
        clusters = {row.id: next((place.cluster for place in row.places), "") for row in key}
        models = dict.fromkeys(place.evaluation for row in key for place in row.places)
        judged = {model: figures.judged(key, ratings, model) for model in models}
        return RatingsOutcome(
            answers=len(shown),
            rated=len(shown) - len(open_rows),
            awaiting=len(open_rows),
            refused=len(refused),
            agreement=agreements(ratings, clusters),
            means={
                model: tuple(mean for name in DIMENSIONS if (mean := figures.mean(answers, name)))
                for model, answers in judged.items()
            },
            unsafe={model: len(figures.unsafe(answers)) for model, answers in judged.items()},
            identifiers=dict(identifiers),
        )

    return RatingsRef(once(ports, "ratings", "take_ratings", inputs, fill, unerased))


def ratings_in(ports: Ports, ratings: RatingsRef) -> list[Rating]:
    """Return what raters said, in the order of the raters."""
    return list(records.read(ports.store.folder(ratings) / RATINGS, Rating))


def may_rate(ports: Ports) -> frozenset[str]:
    """Return the holders of keys in force whom the policy names."""
    return _holders(ports) & ports.rating_policy.raters.keys()


def _holders(ports: Ports) -> frozenset[str]:
    return frozenset(key.holder for key in ports.keys.all() if key.revoked_at is None and key.role == "person")


def _check_rater(rater: str, ports: Ports) -> None:
    """Raise UsageError unless a rater holds a key in force and the policy names them."""
    if rater not in _holders(ports):
        raise UsageError(f"{rater} holds no key of a person in force: `medpipe keys` lists holders")
    if rater not in may_rate(ports):
        raise UsageError(f"{rater} may not rate: `raters` of policies/ratings.yaml does not name this holder")
    if Erased(ports).covers("", rater):
        raise UsageError(f"what {rater} wrote was erased on request: take ratings of others")


def _queued(sheet: SheetRef, rater: str, ports: Ports) -> bytes:
    if not (said := ports.queues.said(sheet, rater)):
        raise UsageError(f"{rater} has no queue for {sheet}: make one with `medpipe queue-sheet`. Nothing was taken")
    return said.encode()


def _content(file: str) -> bytes:
    try:
        if Path(file).stat().st_size > _LARGEST:
            raise UsageError(f"{file} has more than {_LARGEST >> 20} MiB: that is not a sheet")
        return Path(file).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL
        raise UsageError(f"cannot read {file!r}: {error}. Nothing was taken") from None


def _ratings(taken: Sequence[Returned], raters: Sequence[str], ports: Ports) -> tuple[list[Rating], Counter[str]]:
    """Return the ratings by rater, with identifiers of people in corrections replaced, and how many, by type."""
    rows = [(number, rater, row) for number, rater in enumerate(raters, start=1) for row in taken[number - 1].filled]
    redactions = ports.redactor.redact([row.correction for _, _, row in rows], "en")
    identifiers = Counter[str]()
    for redaction in redactions:
        identifiers.update(redaction.counts)
    return [
        Rating(**_without_correction(row), correction=redaction.text, rater=number, identity=rater)
        for (number, rater, row), redaction in zip(rows, redactions, strict=True)
    ], identifiers


def _without_correction(row: Filled) -> dict[str, object]:
    return row.model_dump(exclude={"correction"})
