"""Erasure of what a person wrote: erase."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import BaseModel, ConfigDict

from medpipe.core.manifests import RatingsManifest, TraceManifest
from medpipe.core.refs import TraceRef
from medpipe.errors import NotFound, UsageError
from medpipe.ports import Erased, Ports
from medpipe.steps.artifact import manifest
from medpipe.steps.blanking import Asserted, blank_artifacts
from medpipe.steps.lease import exclusively
from medpipe.steps.tracing import trace
from medpipe.steps.unerased import LEASE
from medpipe.steps.withdrawals import register


class Erasure(BaseModel):
    """What was erased, and what still carries it."""

    model_config = ConfigDict(frozen=True)
    answers: int
    """Answers whose texts were blanked."""
    feedback: int
    """Ratings and corrections that were removed."""
    collected: tuple[str, ...]
    """Collections of feedback in which the texts were blanked."""
    pairs: tuple[str, ...]
    """Pairs in which the texts were blanked. They teach nothing any more: build them again."""
    adapters: tuple[str, ...]
    """Adapters that learned from those pairs, directly or through the adapter that they continued."""
    versions: tuple[str, ...]
    """Their versions: the next retrain starts from an ancestor that is not among them."""
    left: str = ""
    """What the files of the database still have of the texts, and what to do; empty when nothing is left there."""
    quoted: tuple[str, ...] = ()
    """Withdrawn documents of which the register keeps an erased pair as a claim: the block needs it, so it stays."""


def erase(reason: str, by: str, answer_id: str = "", identity: str = "", *, ports: Ports) -> Erasure:
    """Erase what a person wrote: the texts of one answer, or of everything asked and rated under an identity.

    Texts are blanked in the database and in every artifact that has them, feedback is removed, and a tombstone without
    texts is kept: what was erased is never taught again. Manifests stay, and the ledger has an entry for each artifact
    that was changed. Give exactly one of `answer_id` and `identity` (a holder of `medpipe keys`). The same call again
    finishes a run that was killed. Raises UsageError, and NotFound when nothing is stored.
    """
    if not reason.strip() or not by.strip():
        raise UsageError("say why (reason) and who decides (by): both are kept")
    if bool(answer_id) == bool(identity):
        raise UsageError("give either an answer_id or an identity")
    with exclusively(ports.leases, LEASE):  # before the tombstones: no copy is published between them and the blanking
        erased = _from_the_database(ports, answer_id, identity, reason.strip(), by.strip()[:200])
        blanked = blank_artifacts(reason.strip(), by.strip()[:200], ports=ports)
    adapters, versions = _carrying(ports, blanked.taught)
    return Erasure(
        answers=erased.answers,
        feedback=erased.feedback,
        collected=blanked.feedback,
        pairs=blanked.pairs,
        adapters=adapters,
        versions=versions,
        left=ports.feedback.forget(),
        quoted=_quoted(ports, blanked.said),
    )


def _from_the_database(ports: Ports, answer_id: str, identity: str, reason: str, by: str) -> Erased:
    """Erase there, once: a second call with the same name changes nothing."""
    rated = (stored.inputs.raters for stored in ports.store.manifests(RatingsManifest))
    elsewhere = any(rater.identity == identity for raters in rated for rater in raters)
    try:
        return ports.feedback.erase(answer_id, identity, reason, by, elsewhere)
    except NotFound:
        if any((stone.answer_id, stone.identity) == (answer_id, identity) for stone in ports.feedback.tombstones()):
            return Erased(0, 0, ())
        raise


def _carrying(ports: Ports, pairs: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the adapters and versions that learned from the pairs."""
    if not pairs:
        return (), ()
    outcome = manifest(ports, TraceRef(trace(pairs, forward=True, ports=ports)), TraceManifest).outcome
    return outcome.adapters, outcome.versions


def _quoted(ports: Ports, said: Collection[Asserted]) -> tuple[str, ...]:
    claims = ((withdrawal.document, claim) for withdrawal in register(ports) for claim in withdrawal.claims)
    return tuple(sorted({document for document, claim in claims if Asserted(claim.focus, claim.answer) in said}))
