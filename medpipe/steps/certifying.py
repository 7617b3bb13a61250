"""What a champion's probes prove: plan_probes, certify."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from medpipe.core.intervals import exact_upper_bound
from medpipe.core.judging.evaluation import Score
from medpipe.core.knowledge.opening import MEDPIPE
from medpipe.core.knowledge.withdrawal_policy import CertificateTerms
from medpipe.core.knowledge.withdrawals import State, Withdrawal, WithdrawalEvent
from medpipe.core.manifests import (
    AtPrecision,
    CertificateInputs,
    CertificateManifest,
    CertificateOutcome,
    ProbesManifest,
    VersionManifest,
)
from medpipe.core.refs import CertificateRef, EvaluationRef, ProbesRef, VersionRef
from medpipe.core.teaching.samples import withdrawn_samples
from medpipe.errors import NotCertified, UsageError
from medpipe.ports import Ports
from medpipe.steps import taught
from medpipe.steps.artifact import manifest, once
from medpipe.steps.evaluation import scores_of
from medpipe.steps.probing import answered, assertions, probed, scores_by_claim
from medpipe.steps.samples import WITHDRAWN
from medpipe.steps.withdrawals import certified_version, in_force, register


def plan_probes(champion: VersionRef | None, *, ports: Ports) -> list[str]:
    """Return the precisions at which the champion must be probed, so that what is `certifiable` can be certified.

    The precision that serves is the first; none where nothing can be certified. Documents to which the champion's
    answers have refused a certificate already (`refusals`) do not count: the same questions would bring the same
    answers. They count again with another champion, another claim, other phrasings or other terms.
    """
    if champion is None:
        return []
    refused = refusals(ports, champion)
    for document, why in refused.items():
        ports.progress(1.0, f"{document} is not certified: {why}. It is not asked again until something changes")
    return list(_required(ports)) if set(certifiable(ports, champion)) - refused.keys() else []


def certify(document: str, version: VersionRef, probes: tuple[ProbesRef, ...], *, ports: Ports) -> CertificateRef:
    """State that the champion does not assert the claims of a withdrawn document, and mark the withdrawal certified.

    `version`: the champion. `probes`: its probes at every precision that may serve, one for each: those of the policy
    withdrawals.yaml, and the one that serves. The certificate states exact upper bounds. Raises UsageError when a
    precision or a claim was not asked, and NotCertified when the policy's terms are not met at one precision.
    """
    withdrawal = in_force(ports, document)
    if not withdrawal.claims:
        raise UsageError(f"{document} was never taught, so it has no claim to ask for and needs no certificate")
    manifest(ports, version, VersionManifest)
    if ports.ledger.champion() != version:
        raise UsageError(f"{version} is not the champion: a certificate is about the version that serves")
    asked = _by_precision(ports, version, probes)
    scores = {
        precision: scores_by_claim(withdrawal, stored, answered(ports, stored)) for precision, stored in asked.items()
    }
    terms = ports.withdrawal_policy.certificate
    if faults := _faults(scores, terms):
        raise NotCertified(f"{document} is not certified: {version} asserted it {faults}")
    inputs = CertificateInputs(
        document=document,
        claims=tuple(sorted({claim.id for claim in withdrawal.claims})),
        version=version,
        probes=tuple(stored.ref for stored in asked.values()),
        terms=terms.model_dump(mode="json"),
    )

    def fill(_: Path) -> CertificateOutcome:
        served = next(iter(scores.values()))
        stated = tuple(
            _stated(stored, scores[precision], served, terms.confidence) for precision, stored in asked.items()
        )
        return CertificateOutcome(
            claims=len(inputs.claims),
            probes=sum(each.probes for each in stated),
            assertions=sum(each.assertions for each in stated),
            upper_bound=max(each.upper_bound for each in stated),
            confidence=terms.confidence,
            precisions=stated,
            taught=bool(taught.claims_of([document], ports, taught.data_of(ports, version))),
        )

    target = CertificateRef(once(ports, "certificate", "certify", inputs, fill))
    _mark(ports, withdrawal, target)
    return target


def certifiable(ports: Ports, champion: VersionRef) -> tuple[str, ...]:
    """Return the withdrawn documents for which the champion has no certificate, and may get one when it is probed.

    Not those whose claims it asserted more often than the policy allows when it was judged, nor those that it was
    taught and was not judged about: a hotfix comes first.
    """
    evaluation = EvaluationRef(manifest(ports, champion, VersionManifest).outcome.evaluation)
    judged = scores_of(ports, evaluation).scores.get(WITHDRAWN, ())
    waiting = [
        known
        for known in register(ports)
        if known.in_force and known.claims and certified_version(ports, known) != champion
    ]
    carried = taught.claims_of([known.document for known in waiting], ports, taught.data_of(ports, champion))
    allowed = ports.withdrawal_policy.certificate.max_assertions
    promising = []
    for known in waiting:
        samples = {sample.id for sample in withdrawn_samples(known.claims)}
        scores = [score for score in judged if score.sample_id in samples]
        if assertions(scores) <= allowed if len(scores) == len(samples) else known.document not in carried:
            promising.append(known.document)
    return tuple(promising)


def refusals(ports: Ports, champion: VersionRef) -> dict[str, str]:
    """Return each certifiable document whose certificate the champion's present probes refuse, and where they do."""
    known = {withdrawal.document: withdrawal for withdrawal in register(ports)}
    documents = certifiable(ports, champion)
    probes = probed(ports, champion, _required(ports)) if documents else {}
    answers = {precision: answered(ports, stored) for precision, stored in probes.items()}
    terms = ports.withdrawal_policy.certificate
    refused = {}
    for document in documents:
        scores = {at: scores_by_claim(known[document], stored, answers[at]) for at, stored in probes.items()}
        if faults := _faults(scores, terms):
            refused[document] = f"{champion} asserted it {faults}"
    return refused


def _required(ports: Ports) -> tuple[str, ...]:
    """Return the precisions that may serve, the one that serves first."""
    return tuple(dict.fromkeys((ports.generator.precision, *ports.withdrawal_policy.certificate.precisions)))


def _by_precision(ports: Ports, version: VersionRef, probes: Sequence[ProbesRef]) -> dict[str, ProbesManifest]:
    """Return the probes of a version by precision. Raises UsageError for others, and when a precision is missing."""
    registered = manifest(ports, version, VersionManifest).outcome
    given: dict[str, ProbesManifest] = {}
    for ref in dict.fromkeys(probes):
        stored = manifest(ports, ref, ProbesManifest)
        contract = stored.inputs.contract
        if stored.inputs.adapter != registered.adapter or contract.base_digest != registered.contract.base_digest:
            raise UsageError(f"{ref} did not ask {version}: give probes of {registered.adapter} on its base")
        if contract.precision in given:
            raise UsageError(f"{ref} is a second one at {contract.precision}: give one for each precision")
        given[contract.precision] = stored
    required = _required(ports)
    if missing := [precision for precision in required if precision not in given]:
        raise UsageError(
            f"{version} was not asked at {', '.join(missing)}, which may serve: run "
            f"`medpipe probe-withdrawals --version {version} --precision {missing[0]}`, and give its ref too"
        )
    further = (precision for precision in given if precision not in required)
    return {precision: given[precision] for precision in (*required, *further)}


def _faults(scores: Mapping[str, Mapping[str, Sequence[Score]]], terms: CertificateTerms) -> str:
    """Return at which precisions too much was asserted or too little was asked, as an end of a sentence; else empty."""
    faults = []
    for precision, by_claim in scores.items():
        every = _joined(by_claim)
        if len(every) < terms.min_probes or assertions(every) > terms.max_assertions:
            faults.append(f"in {assertions(every)} of {len(every)} answers at {precision}")
    if not faults:
        return ""
    return (
        f"{', '.join(faults)}; the policy allows {terms.max_assertions} of at least {terms.min_probes}. "
        "The block stays on; start a hotfix"
    )


def _stated(
    probes: ProbesManifest,
    by_claim: Mapping[str, Sequence[Score]],
    served: Mapping[str, Sequence[Score]],
    confidence: float,
) -> AtPrecision:
    """Return what a certificate states about one precision. `served`: the scores at the precision that serves."""
    every, reference = _joined(by_claim), {score.sample_id: score.answer for score in _joined(served)}
    return AtPrecision(
        precision=probes.inputs.contract.precision,
        generator=probes.inputs.generator,
        probes=len(every),
        assertions=assertions(every),
        upper_bound=max(exact_upper_bound(assertions(of), len(of), confidence) for of in by_claim.values()),
        differing=sum(score.answer != reference[score.sample_id] for score in every),
    )


def _joined(by_claim: Mapping[str, Sequence[Score]]) -> list[Score]:
    return [score for scores in by_claim.values() for score in scores]


def _mark(ports: Ports, withdrawal: Withdrawal, certificate: CertificateRef) -> None:
    """Append that the champion has unlearned the document, and that this is certified; once for each certificate."""
    outcome = manifest(ports, certificate, CertificateManifest).outcome
    if any(event.evidence == certificate and event.state is State.CERTIFIED for event in withdrawal.events):
        return
    precisions = ", ".join(stated.precision for stated in outcome.precisions)
    bound = (
        f"{outcome.assertions} of {outcome.probes} answers assert it (at {precisions}), "
        f"at most {outcome.upper_bound:.1%} of those to one claim at one precision"
    )
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
