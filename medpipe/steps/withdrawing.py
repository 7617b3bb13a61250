"""Entries of the register of withdrawals: open_withdrawals, withdraw, lift, confirm_blocks, list_withdrawals."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from medpipe.core.corpus.document import Status
from medpipe.core.corpus.revision import on_day
from medpipe.core.corpus.standing import Standing, reasons, statuses_with
from medpipe.core.knowledge import opening
from medpipe.core.knowledge.hotfix import Approval, Asked
from medpipe.core.knowledge.opening import MEDPIPE, Sign
from medpipe.core.knowledge.withdrawals import State, Withdrawal, WithdrawalEvent
from medpipe.core.manifests import CertificateManifest
from medpipe.core.refs import CorpusRef, VersionRef, is_ref
from medpipe.core.teaching.claim import Claim
from medpipe.errors import Unavailable, UsageError
from medpipe.ports import Ports
from medpipe.steps import taught
from medpipe.steps.certifying import refusals
from medpipe.steps.corpus import latest, table_version
from medpipe.steps.hotfixes import approvals_of
from medpipe.steps.withdrawals import certificate_of, check_decision, check_id, in_force, register

WAIT_SECONDS = 20.0
"""How long `confirm_blocks` waits for the gateways. They look at the register several times a second."""
_RECORDS = 8
"""The most records that a person's lift names: the register has 200 characters for them."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Changed(_Value):
    """The documents whose withdrawals a run opened or lifted."""

    opened: tuple[str, ...]
    lifted: tuple[str, ...]


class Listed(_Value):
    """A withdrawal for people: no text of the document."""

    document: str
    state: State
    since: datetime
    """When it came to this state."""
    reason: str
    opened_at: datetime
    age_hours: float
    """Hours since it was opened."""
    claims: int
    certificate: str = ""
    """The certificate about the champion; empty without one."""
    upper_bound: float | None = None
    """What that certificate bounds: the share of phrasings, 0..1, in which the champion would assert a claim."""
    refused: str = ""
    """Where the champion's present probes assert a claim, so that it gets no certificate; empty if they do not."""
    hotfix: Asked | None = None
    """What a person said about the hotfix; None: the champion does not carry the document, or no longer asserts it."""
    said: str = ""
    """Who decided about the hotfix, and why; empty without a decision."""


class WithdrawalList(_Value):
    """Every withdrawal, those in force first, newest first."""

    withdrawals: tuple[Listed, ...]


def open_withdrawals(corpus: CorpusRef, *, ports: Ports) -> Changed:
    """Open a withdrawal for every document that was ever taught and that its publisher took back; lift what is current.

    The policy `withdrawals.yaml` says which causes count. The claims are those of every revision that any
    training data has, also where the corpus no longer has the text. The same corpus again changes nothing; an older
    corpus lifts nothing; what a person opened is never lifted here.
    """
    known = {withdrawal.document: withdrawal for withdrawal in register(ports)}
    claims = taught.claims_of(_suspects(ports, corpus), ports)
    signs = _signs(ports, corpus, claims.keys() | known.keys())
    at = ports.withdrawals.now()
    gravest = {id: named[0] for id, named in signs.items()}
    opened = opening.to_open(gravest, claims, known, at)
    candidates = {
        id: opening.evidence_of(withdrawal)
        for id, withdrawal in known.items()
        if id not in signs and opening.liftable(withdrawal)
    }
    lifted = opening.to_lift(_current(ports, corpus, candidates), known, at, corpus)
    for event in (*opened, *lifted):
        ports.withdrawals.append(event)
    changed = Changed(
        opened=tuple(event.document for event in opened), lifted=tuple(event.document for event in lifted)
    )
    ports.progress(1.0, f"withdrawals: {len(opened)} opened, {len(lifted)} lifted")
    return changed


def withdraw(documents: tuple[str, ...], reason: str, by: str, *, ports: Ports) -> list[str]:
    """Open withdrawals by a person's decision: a takedown, personal data, a wrong topic. Returns the documents.

    `by`: who decided. Gateways block the claims within seconds. Only a person lifts it again (`lift`). A document that
    was never taught has no claim to block; its entry keeps it from being taught.
    """
    if not documents:
        raise UsageError("name the documents to withdraw, such as pmid:38211234")
    check_decision(reason, by)
    for document in documents:
        check_id(document)
    claims = taught.claims_of(documents, ports)
    for document in dict.fromkeys(documents):
        ports.withdrawals.append(_decided(ports, document, State.OPENED, reason, by, claims=claims.get(document, ())))
        ports.progress(1.0, f"{document} withdrawn: {len(claims.get(document, ()))} claims")
    return list(dict.fromkeys(documents))


def lift(document: str, reason: str, by: str, *, ports: Ports) -> str:
    """End a withdrawal by a person's decision: the document may be taught and its claims served again.

    A run opens it again only for a record that does not speak against it in the newest corpus, or a later revision of
    one that does. Raises UsageError when no withdrawal of the document is in force.
    """
    check_decision(reason, by)
    in_force(ports, document)
    known = _known(ports, document)
    seen = {
        "evidence": " ".join([*dict.fromkeys(sign.evidence for sign in known)][:_RECORDS]),
        "revision": max((sign.revision for sign in known), default=0),
    }
    ports.withdrawals.append(_decided(ports, document, State.LIFTED, reason, by).model_copy(update=seen))
    return document


def confirm_blocks(*, ports: Ports) -> list[str]:
    """Mark every opened withdrawal as blocked once each live gateway enforces the register. Returns the documents.

    Waits for `WAIT_SECONDS`. Raises Unavailable while a gateway is behind: the message names it. Without a live
    gateway, everything is blocked: a gateway reads the register before it answers.
    """
    opened = [withdrawal for withdrawal in register(ports) if withdrawal.state is State.OPENED]
    newest = ports.withdrawals.newest()  # read after the withdrawals, so it covers all of them
    if not opened:
        return []
    behind = _waited_for(ports, newest)
    if behind:
        raise Unavailable(
            f"{len(opened)} withdrawals are not blocked everywhere: {', '.join(behind)} does not enforce entry "
            f"{newest} of the register; look at /readyz of that gateway, and restart it if it does not follow"
        )
    for withdrawal in opened:
        ports.withdrawals.append(
            WithdrawalEvent(
                document=withdrawal.document,
                state=State.BLOCKED,
                at=ports.withdrawals.now(),
                reason=f"every live gateway enforces entry {newest} of the register",
                by=MEDPIPE,
            )
        )
    return [withdrawal.document for withdrawal in opened]


def list_withdrawals(*, ports: Ports) -> WithdrawalList:
    """List every withdrawal: document, state and since when, reason, age, claims, certificate, hotfix. No texts."""
    champion = ports.ledger.champion()
    now, asked = ports.withdrawals.now(), approvals_of(champion, ports)
    refused = refusals(ports, VersionRef(champion)) if champion else {}
    newest_first = sorted(register(ports), key=lambda withdrawal: withdrawal.opened_at, reverse=True)
    in_force_first = sorted(newest_first, key=lambda withdrawal: not withdrawal.in_force)
    certificates = {
        known.document: certificate
        for known in in_force_first
        if (certificate := certificate_of(ports, known)) and certificate.inputs.version == champion
    }
    return WithdrawalList(
        withdrawals=tuple(
            _listed(known, now, asked.get(known.document), certificates.get(known.document)).model_copy(
                update={"refused": refused.get(known.document, "")}
            )
            for known in in_force_first
        )
    )


def _suspects(ports: Ports, corpus: CorpusRef) -> Collection[str]:
    """Return the documents with a status that a cause named by the policy can give. No text is read."""
    return ports.corpus.revisions(table_version(ports, corpus), _statuses(ports)).keys()


def _statuses(ports: Ports) -> tuple[str, ...]:
    return tuple(status.value for status in statuses_with(ports.withdrawal_policy.open_on))


def _signs(ports: Ports, corpus: CorpusRef, ids: Collection[str]) -> dict[str, list[Sign]]:
    """Return document → why it counts as taken back, the gravest first, for causes that the policy names.

    `ids`: the documents that are asked for. A corpus has many that were taken back and never taught.
    """
    version, causes = table_version(ports, corpus), ports.withdrawal_policy.open_on
    signs = dict[str, list[Sign]]()
    for document in ports.corpus.read(version, _statuses(ports), ids):
        if named := [_sign(known, corpus) for known in reasons(document) if known.cause in causes]:
            signs[document.id] = named
    return signs


def _sign(known: Standing, corpus: CorpusRef) -> Sign:
    """Return a reason as a sign. Lists and whole deliveries are posted again and again, so their day counts."""
    since = on_day(known.day) if known.cause in ("listed", "vanished") and known.day else 0
    return Sign(known.reason, known.revision, known.by or corpus, since)


def _known(ports: Ports, document: str) -> list[Sign]:
    """Return why the newest corpus takes a document back; nothing when it does not."""
    newest = latest("corpus", ports=ports)
    return _signs(ports, CorpusRef(newest), (document,)).get(document, []) if newest else []


def _current(ports: Ports, corpus: CorpusRef, candidates: Mapping[str, str]) -> dict[str, int]:
    """Return document → revision of the record that opened its withdrawal, of candidates that are current in a corpus.

    `candidates`: document → that record's id, or a corpus where it is the document's own. Revisions of two records are
    never compared: sources number them differently. A record that the corpus lacks shows nothing.
    """
    if not candidates:
        return {}
    version = table_version(ports, corpus)
    current = ports.corpus.revisions(version, ids=candidates.keys())
    every = tuple(status.value for status in Status)
    evidence = ports.corpus.revisions(version, every, ids={candidates[id] for id in current})
    own = {id: revision for id, revision in current.items() if is_ref(candidates[id])}
    return own | {id: evidence[candidates[id]] for id in current if candidates[id] in evidence}


def _waited_for(ports: Ports, sequence: int) -> tuple[str, ...]:
    """Return the gateways that are still behind after some seconds; none when all have followed."""
    deadline = time.monotonic() + WAIT_SECONDS
    while behind := tuple(ports.withdrawals.behind(sequence)):
        if time.monotonic() > deadline:
            return behind
        time.sleep(0.1)
    return ()


def _decided(
    ports: Ports, document: str, state: State, reason: str, by: str, claims: tuple[Claim, ...] = ()
) -> WithdrawalEvent:
    at = ports.withdrawals.now()
    return WithdrawalEvent(document=document, state=state, at=at, reason=reason, by=by, claims=claims)


def _listed(
    withdrawal: Withdrawal, now: datetime, hotfix: Approval | None, certificate: CertificateManifest | None
) -> Listed:
    reached = next(event for event in reversed(withdrawal.events) if event.state is withdrawal.state)
    return Listed(
        document=withdrawal.document,
        state=withdrawal.state,
        since=reached.at,
        reason=withdrawal.reason,
        opened_at=withdrawal.opened_at,
        age_hours=round((now - withdrawal.opened_at).total_seconds() / 3600, 1),
        claims=len(withdrawal.claims),
        certificate=certificate.ref if certificate else "",
        upper_bound=certificate.outcome.upper_bound if certificate else None,
        hotfix=hotfix.asked if hotfix else None,
        said=hotfix.said if hotfix else "",
    )
