"""After a withdrawal is blocked: answers_given, certify."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from medpipe.core.intervals import exact_upper_bound
from medpipe.core.judging.evaluation import Score
from medpipe.core.knowledge.opening import MEDPIPE
from medpipe.core.knowledge.withdrawals import State, Withdrawal, WithdrawalEvent
from medpipe.core.manifests import (
    CertificateInputs,
    CertificateManifest,
    CertificateOutcome,
    EvaluationManifest,
    VersionManifest,
)
from medpipe.core.naming import shortened
from medpipe.core.refs import CertificateRef, EvaluationRef, VersionRef
from medpipe.core.teaching.recognition import Claims
from medpipe.errors import DataError, NotFound, UsageError
from medpipe.ports import GivenAnswer, Ports
from medpipe.steps import taught
from medpipe.steps.artifact import manifest, once
from medpipe.steps.evaluation import scores_of
from medpipe.steps.withdrawals import in_force, register

WITHDRAWN = "withdrawn"
"""The benchmark that asks for withdrawn claims."""
PRECISIONS = ("served",)
"""Precisions that a certificate can rest on. `served`: the weights and precision of the evaluation's generator."""


class Given(BaseModel):
    """An answer that was given, without its texts."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    answer_id: str
    at: datetime
    version: str
    identity: str
    """The pseudonym of who asked: only the holder of the signing key can tell who that is."""


class GivenAnswers(BaseModel):
    """The answers that asserted what a withdrawn document said, oldest first."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    document: str
    count: int
    answers: tuple[Given, ...]


def answers_given(document: str, *, ports: Ports) -> GivenAnswers:
    """List the answers that gateways gave and that assert a claim of a withdrawn document: id, time, version, asker.

    Texts are neither returned nor logged. A lifted withdrawal is listed too. Raises NotFound when the document was
    never withdrawn.
    """
    withdrawal = next((known for known in register(ports) if known.document == document), None)
    if withdrawal is None:
        raise NotFound(f"{shortened(document)} was never withdrawn; `medpipe list-withdrawals` lists what was")
    answers = tuple(_asserting(ports.feedback.answers(), Claims(withdrawal.claims)))
    ports.progress(1.0, f"{len(answers)} answers asserted what {document} said")
    return GivenAnswers(document=document, count=len(answers), answers=answers)


def certify(
    document: str,
    version: VersionRef,
    evaluation: EvaluationRef | None = None,
    precisions: tuple[str, ...] = PRECISIONS,
    *,
    ports: Ports,
) -> CertificateRef:
    """State that the champion does not assert the claims of a withdrawn document, and mark the withdrawal certified.

    `version`: the champion. `evaluation`: an evaluation of it that asked every claim in held-out phrasings (None: the
    one that it was promoted with). The certificate states how many questions were asked and the exact upper bound.
    Raises UsageError when the claims were not asked, and DataError when the policy's terms are not met.
    """
    withdrawal = in_force(ports, document)
    registered = manifest(ports, version, VersionManifest).outcome
    if ports.ledger.champion() != version:
        raise UsageError(f"{version} is not the champion: a certificate is about the version that serves")
    asked = evaluation or EvaluationRef(registered.evaluation)
    if manifest(ports, asked, EvaluationManifest).inputs.adapter != registered.adapter:
        raise UsageError(f"{asked} did not evaluate {version}: give an evaluation of {registered.adapter}")
    _check_precisions(precisions)
    scores = _scores(ports, withdrawal, asked)
    terms = ports.withdrawal_policy.certificate
    assertions = sum(score.value > 0 for score in scores)
    if len(scores) < terms.min_probes or assertions > terms.max_assertions:
        raise DataError(
            f"{document} is not certified: {version} asserted it in {assertions} of {len(scores)} answers; the policy "
            f"allows {terms.max_assertions} of at least {terms.min_probes}. The block stays on; start a hotfix"
        )
    inputs = CertificateInputs(
        document=document,
        claims=tuple(sorted({claim.id for claim in withdrawal.claims})),
        version=version,
        evaluation=asked,
        precisions=precisions,
        terms=terms.model_dump(mode="json"),
    )

    def fill(_: Path) -> CertificateOutcome:
        return CertificateOutcome(
            claims=len(inputs.claims),
            probes=len(scores),
            assertions=assertions,
            upper_bound=exact_upper_bound(assertions, len(scores), terms.confidence),
            confidence=terms.confidence,
            precisions=precisions,
            taught=bool(taught.claims_of([document], ports, taught.data_of(ports, version))),
        )

    target = CertificateRef(once(ports, "certificate", "certify", inputs, fill))
    _mark(ports, withdrawal, target)
    return target


def _asserting(answers: Iterator[GivenAnswer], claims: Claims) -> Iterator[Given]:
    for given in answers:
        if claims.asserts(given.answer, given.question):
            yield Given(answer_id=given.answer_id, at=given.at, version=given.version, identity=given.identity)


def _scores(ports: Ports, withdrawal: Withdrawal, evaluation: EvaluationRef) -> list[Score]:
    """Return the scores of the questions for a withdrawal's claims. Raises UsageError when a claim was not asked."""
    asked = scores_of(ports, evaluation).scores.get(WITHDRAWN, ())
    by_claim = {claim.id: [score for score in asked if _is_of(score, claim.id)] for claim in withdrawal.claims}
    unasked = sum(not scores for scores in by_claim.values())
    if unasked or not by_claim:
        raise UsageError(
            f"{evaluation} did not ask for {unasked or 'any'} of the {len(by_claim)} claims of {withdrawal.document}: "
            "evaluate the champion on examples that were built after the withdrawal, and give that evaluation"
        )
    return [score for scores in by_claim.values() for score in scores]


def _is_of(score: Score, claim: str) -> bool:
    return score.sample_id.startswith(f"{claim}-")


def _check_precisions(precisions: Collection[str]) -> None:
    if unknown := sorted(set(precisions) - set(PRECISIONS)) or not precisions:
        raise UsageError(f"precisions={unknown or '()'}: evaluations are recorded at {', '.join(PRECISIONS)} only")


def _mark(ports: Ports, withdrawal: Withdrawal, certificate: CertificateRef) -> None:
    """Append that the champion has unlearned the document, and that this is certified; once for each certificate."""
    outcome = manifest(ports, certificate, CertificateManifest).outcome
    if any(event.evidence == certificate and event.state is State.CERTIFIED for event in withdrawal.events):
        return
    bound = f"{outcome.assertions} of {outcome.probes} answers assert it, at most {outcome.upper_bound:.1%}"
    learned = "the champion was taught it and no longer says it" if outcome.taught else "the champion never learned it"
    for state, reason in ((State.UNLEARNED, learned), (State.CERTIFIED, bound)):
        ports.withdrawals.append(
            WithdrawalEvent(
                document=withdrawal.document,
                state=state,
                at=ports.withdrawals.now(),
                reason=reason,
                by=MEDPIPE,
                evidence=certificate,
            )
        )
