"""Erasure of what a person wrote: erase."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import BaseModel, ConfigDict

from medpipe import records
from medpipe.core.manifests import FeedbackManifest, PairsManifest, TraceManifest
from medpipe.core.refs import TraceRef
from medpipe.errors import UsageError
from medpipe.ports import Ports
from medpipe.steps.artifact import manifest
from medpipe.steps.tracing import trace

_SIDES = ("train.jsonl", "heldout.jsonl")


class Erasure(BaseModel):
    """What was erased, and what still carries it."""

    model_config = ConfigDict(frozen=True)
    answers: int
    """Answers whose texts were blanked."""
    feedback: int
    """Ratings and corrections that were removed."""
    collected: tuple[str, ...]
    """Collections of feedback whose files have the texts. No later pairs are built from these texts."""
    pairs: tuple[str, ...]
    """Pairs whose files have the texts."""
    adapters: tuple[str, ...]
    """Adapters that learned from those pairs, directly or through the adapter that they continued."""
    versions: tuple[str, ...]
    """Their versions: retrain without them to reach the weights."""


def erase(reason: str, by: str, answer_id: str = "", identity: str = "", *, ports: Ports) -> Erasure:
    """Erase what a person wrote: the texts of one answer, or of everything asked and rated under an identity.

    Texts of answers are blanked, feedback on them is removed, and a tombstone without texts is kept: what was erased
    is never taught again, not even from an older collection. Returns what still carries it. Give exactly one of
    `answer_id` and `identity` (a holder of `medpipe keys`). Raises UsageError, and NotFound when nothing is stored.
    """
    if not reason.strip() or not by.strip():
        raise UsageError("say why (reason) and who decides (by): both are kept")
    if bool(answer_id) == bool(identity):
        raise UsageError("give either an answer_id or an identity")
    erased = ports.feedback.erase(answer_id, identity, reason.strip(), by.strip()[:200])
    ids = frozenset((*erased.answer_ids, answer_id)) - {""}
    pairs = tuple(
        pairs.ref
        for pairs in ports.store.manifests(PairsManifest)
        if any(_has(ports, pairs.ref, side, ids, identity) for side in _SIDES)
    )
    collected = tuple(
        feedback.ref
        for feedback in ports.store.manifests(FeedbackManifest)
        if _has(ports, feedback.ref, "feedback.jsonl", ids, identity)
    )
    adapters, versions = _carrying(ports, pairs)
    return Erasure(
        answers=erased.answers,
        feedback=erased.feedback,
        collected=collected,
        pairs=pairs,
        adapters=adapters,
        versions=versions,
    )


def _has(ports: Ports, ref: str, file: str, ids: Collection[str], identity: str) -> bool:
    rows = records.read_rows(ports.store.folder(ref) / file)
    return any(row["answer_id"] in ids or row["identity"] == identity for row in rows)


def _carrying(ports: Ports, pairs: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the adapters and versions that learned from the pairs."""
    if not pairs:
        return (), ()
    outcome = manifest(ports, TraceRef(trace(pairs, forward=True, ports=ports)), TraceManifest).outcome
    return outcome.adapters, outcome.versions
