"""Erasure from what is stored: texts are blanked in artifacts, whose manifests stay; and how `verify` judges that."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from medpipe import records
from medpipe.core.manifests import (
    BLANKABLE,
    MANIFESTS,
    Blanked,
    EvaluationManifest,
    FeedbackManifest,
    Manifest,
    PairsFromCorpus,
    PairsFromFeedback,
    PairsFromRatings,
    PairsManifest,
    RatingsManifest,
    ValidationManifest,
)
from medpipe.core.teaching.blanking import Kind, blank, blank_score
from medpipe.core.teaching.feedback import ERASED
from medpipe.errors import MedpipeError
from medpipe.ports import Entry, Ports
from medpipe.steps.artifact import ROWS
from medpipe.steps.carried import TRAINING
from medpipe.steps.erased import Erased, erased_digest
from medpipe.steps.evaluation import SCORES
from medpipe.steps.memory import made_at
from medpipe.steps.quarantine import QUARANTINE
from medpipe.steps.ratings import RATINGS
from medpipe.steps.samples import HELDOUT, PREFERENCES

EVENT = "erased"
"""The event of the ledger that names an artifact in which texts were blanked. Evidence: the digest of `Blanked`."""

FINISHED = "erasures-finished"
"""The event of the ledger after all artifacts were looked at. Evidence: the digest of all erasures so far."""

_KINDS: tuple[Kind, ...] = ("feedback", "pairs")
Row = dict[str, Any]
Change = Callable[[Row], Row]


class Asserted(NamedTuple):
    """What a pair said before it was erased."""

    question: str
    chosen: str


class Done(NamedTuple):
    """The artifacts in which texts were blanked, and what the pairs among them said."""

    feedback: tuple[str, ...]
    pairs: tuple[str, ...]
    taught: tuple[str, ...]
    """Those of `pairs` of which a taught pair was blanked, and not only one that judges."""
    said: frozenset[Asserted]


def blank_artifacts(reason: str, by: str, *, ports: Ports) -> Done:
    """Blank every text in the store that any erasure so far covers. What a killed run left over is blanked too.

    Rows stay in their places with ids, times and documents, so that lineage and decisions can still be followed. Each
    artifact has an entry in the ledger, which is written before the artifact is changed.
    """
    erased, because = Erased(ports), (reason, f"by {by}")
    said: set[Asserted] = set()
    feedback = tuple(
        stored.ref
        for stored in ports.store.manifests(FeedbackManifest)
        if _rewritten(ports, stored.ref, {ROWS["feedback"]: _blanking(erased, "feedback")}, because)
    )
    pairs = {
        stored.ref: _rewritten(
            ports,
            stored.ref,
            dict.fromkeys((TRAINING, HELDOUT), _blanking(erased, "pairs", _read_at(ports, stored), said)),
            because,
        )
        for stored in ports.store.manifests(PairsManifest)
    }
    _blank_ratings(ports, erased, because)
    _blank_validations(ports, erased, because)
    _blank_evaluations(ports, because)
    _blank_workspaces(ports, erased)
    digest = erased_digest(ports)
    ports.ledger.append(FINISHED, "", "", because, key=f"{FINISHED} {digest}", evidence=digest)
    return Done(
        feedback,
        tuple(ref for ref, files in pairs.items() if files),
        tuple(ref for ref, files in pairs.items() if TRAINING in files),
        frozenset(said),
    )


def faults(ports: Ports, history: Sequence[Entry]) -> Iterator[tuple[str, str]]:
    """Yield each artifact that is not as the ledger says that erasures left it, with a sentence."""
    finished = {entry.evidence for entry in history if entry.event == FINISHED}
    if (digest := erased_digest(ports)) and digest not in finished:
        yield "erasures", "an erasure did not reach every artifact: run `medpipe erase` again with its arguments"
    entries = {entry.version: entry.evidence for entry in history if entry.event == EVENT}
    for ref in (ref for kind in sorted(BLANKABLE) for ref in ports.store.refs(MANIFESTS[kind])):
        try:
            blanked = ports.store.blanked(ref)
            present = blanked is None or _is_present(ports.store.remains(ref), blanked)
        except MedpipeError:  # a damaged artifact, which `verify` names by itself
            continue
        if blanked is not None and ref not in entries:
            yield ref, "lacks texts, and the ledger has no erasure of it: put back a copy"
        elif (blanked and blanked.content()) != entries.get(ref) or not present:
            yield ref, "has texts that the ledger says were erased: run `medpipe erase` again with its arguments"


def _rewritten(ports: Ports, ref: str, changes: Mapping[str, Change], because: tuple[str, ...]) -> frozenset[str]:
    """Change the rows of some files of an artifact, and return the names of those that differ."""
    folder = ports.store.remains(ref)
    with TemporaryDirectory() as place:
        files = {
            name: Path(place) / name
            for name, change in changes.items()
            if (folder / name).exists() and _changed(folder / name, Path(place) / name, change)
        }

        def record(after: Blanked) -> None:
            evidence = after.content()
            ports.ledger.append(EVENT, ref, "", because, key=f"{EVENT} {ref} {evidence}", evidence=evidence)

        if files:
            ports.store.blank(ref, files, record)
    return frozenset(files)


def _changed(source: Path, target: Path, change: Change) -> bool:
    """Write the changed rows of a file; return whether any differs."""
    differs = False

    def rows() -> Iterator[Row]:
        nonlocal differs
        for row in records.read_rows(source):
            after = change(row)
            differs |= after != row
            yield after

    records.write_rows(target, rows())
    return differs


def _blanking(erased: Erased, kind: Kind, read: datetime | None = None, said: set[Asserted] | None = None) -> Change:
    """Return what blanks a row that was erased. `read`: when the texts of pairs were; `said` gets what they said."""

    def change(row: Row) -> Row:
        at = read if kind == "pairs" else datetime.fromisoformat(str(row["at"]))
        if not erased.covers(row["answer_id"], row["identity"], at) or row["identity"] == ERASED:
            return row
        if said is not None and row["chosen"]:
            said.add(Asserted(row["question"], row["chosen"]))
        return blank(row, kind)

    return change


def _read_at(ports: Ports, stored: Manifest) -> datetime:
    """Return a time by which every user's text in an artifact was read from the database: rows of pairs have none."""
    inputs = stored.inputs
    source = inputs.feedback if isinstance(inputs, PairsFromFeedback) else None
    source = inputs.previous if isinstance(inputs, PairsFromCorpus | PairsFromRatings) else source
    earlier = ports.store.find(source) if source else None
    return _read_at(ports, earlier) if earlier else made_at(stored)


def _blank_ratings(ports: Ports, erased: Erased, because: tuple[str, ...]) -> None:
    """Blank raters' corrections. Their ratings stay, under the number of the rater."""

    def change(row: Row) -> Row:
        gone = erased.covers("", row["identity"]) and row["identity"] != ERASED
        return blank(row, "ratings") if gone else row

    for stored in ports.store.manifests(RatingsManifest):
        _rewritten(ports, stored.ref, {RATINGS: change}, because)


def _blank_validations(ports: Ports, erased: Erased, because: tuple[str, ...]) -> None:
    """Blank quarantined rows. The reports of validations never quote a row."""
    for stored in ports.store.manifests(ValidationManifest):
        for kind in (kind for kind in _KINDS if kind == stored.inputs.suite):
            change = _blanking(erased, kind, _read_at(ports, ports.store.find(stored.inputs.data) or stored))

            def quarantined(line: Row, change: Change = change) -> Row:
                return {**line, "row": change(line["row"])}

            _rewritten(ports, stored.ref, {QUARANTINE: quarantined}, because)


def _blank_evaluations(ports: Ports, because: tuple[str, ...]) -> None:
    """Blank what models answered to held-out pairs that were erased."""
    for stored in ports.store.manifests(EvaluationManifest):
        pairs = stored.inputs.pairs
        if pairs is None or ports.store.find(pairs) is None or not ports.store.blanked(pairs):
            continue
        file = ports.store.remains(pairs) / HELDOUT
        heldout = records.read_rows(file) if file.exists() else ()
        gone = {row["answer_id"] for row in heldout if row["identity"] == ERASED}

        def answered(evaluation: Row, gone: set[str] = gone) -> Row:
            scores = evaluation["scores"].get(PREFERENCES, [])
            kept = [blank_score(score) if score["sample_id"] in gone else score for score in scores]
            return {**evaluation, "scores": {**evaluation["scores"], PREFERENCES: kept}}

        _rewritten(ports, stored.ref, {SCORES: answered}, because)


def _blank_workspaces(ports: Ports, erased: Erased) -> None:
    """Remove rows and checkpoints of unfinished trainings on erased pairs: such a training is never published."""
    for place in ports.workspaces():
        file = place / "data" / TRAINING
        rows = records.read_rows(file) if file.exists() else ()
        if any("rejected" in row and erased.covers(row["answer_id"], row["identity"]) for row in rows):
            file.unlink()
            shutil.rmtree(place / "checkpoints", ignore_errors=True)


def _is_present(folder: Path, blanked: Blanked) -> bool:
    """Return whether the files of an artifact are those that its last erasure left, as far as none was swept."""
    return all(
        _sha256(folder / path) == states[-1] for path, states in blanked.files.items() if (folder / path).exists()
    )


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
