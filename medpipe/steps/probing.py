"""Asking a version what is withdrawn, at one precision of the weights: probe_withdrawals.

Rounding the weights can bring back what training had removed (Zhang et al., arXiv:2410.16454).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from medpipe import records
from medpipe.core.judging.evaluation import Sample, Score
from medpipe.core.knowledge.withdrawals import Withdrawal
from medpipe.core.manifests import ProbesInputs, ProbesManifest, ProbesOutcome, VersionManifest, VersionOutcome
from medpipe.core.refs import ProbesRef, VersionRef, digest_of
from medpipe.core.teaching import questions
from medpipe.core.teaching.claim import Claim
from medpipe.core.teaching.samples import withdrawn_samples
from medpipe.errors import UsageError
from medpipe.ports import Generator, Ports
from medpipe.steps.artifact import manifest, once
from medpipe.steps.evaluation import answers_to, score_of, scorers_digest
from medpipe.steps.samples import WITHDRAWN
from medpipe.steps.withdrawals import claims_in_force

SCORES = "scores.jsonl"
"""In the folder of probes: the score of every answer (`core.judging.evaluation.Score`)."""


def probe_withdrawals(version: VersionRef, precision: str, *, ports: Ports) -> ProbesRef:
    """Ask a version every claim in force in phrasings that nothing teaches, with its base's weights at a precision.

    The model alone is asked, under its own contract but for the precision. Raises UsageError for a precision that no
    generator has, for other files of the base than the version was judged with, and when no claim is in force.
    """
    registered = manifest(ports, version, VersionManifest).outcome
    claims = claims_in_force(ports)
    if not claims:
        raise UsageError("no claim is withdrawn, so there is nothing to ask; `medpipe list-withdrawals` lists them")
    if ports.base_digest(registered.contract.base) != registered.contract.base_digest:
        raise UsageError(f"{version} was judged with other files of {registered.contract.base}: put that base back")
    generator = ports.generator_at(precision)
    samples = _samples(claims)
    inputs = _inputs(registered, claims, generator)

    def fill(folder: Path) -> ProbesOutcome:
        benchmark = ports.benchmark(WITHDRAWN)
        answers = answers_to(samples, ports, generator, inputs.contract, inputs.adapter)
        scores = [score_of(benchmark, sample, answer, ports) for sample, answer in zip(samples, answers, strict=True)]
        records.write(folder / SCORES, scores)
        return ProbesOutcome(claims=len(claims), probes=len(scores), assertions=assertions(scores))

    return ProbesRef(once(ports, "probes", "probe_withdrawals", inputs, fill))


def probed(ports: Ports, version: VersionRef, precisions: Collection[str]) -> dict[str, ProbesManifest]:
    """Return precision → the newest probes in which a version was asked exactly what it would be asked now.

    Precisions at which it was not asked that are left out.
    """
    registered, claims = manifest(ports, version, VersionManifest).outcome, claims_in_force(ports)
    wanted = {precision: _inputs(registered, claims, ports.generator_at(precision)) for precision in precisions}
    made = list(ports.store.manifests(ProbesManifest))
    newest = {name: [stored for stored in made if stored.inputs == inputs][-1:] for name, inputs in wanted.items()}
    return {precision: stored[0] for precision, stored in newest.items() if stored}


def answered(ports: Ports, probes: ProbesManifest) -> dict[str, Score]:
    """Return question id → its score."""
    return {score.sample_id: score for score in records.read(ports.store.folder(probes.ref) / SCORES, Score)}


def scores_by_claim(
    withdrawal: Withdrawal, probes: ProbesManifest, answered: Mapping[str, Score]
) -> dict[str, list[Score]]:
    """Return claim → the scores of its questions. Raises UsageError when a question of a claim was not asked.

    `answered`: the scores of the probes (`answered`).
    """
    samples = withdrawn_samples(withdrawal.claims, phrasings=questions.certifying)
    if unasked := sum(sample.id not in answered for sample in samples):
        raise UsageError(
            f"{probes.ref} did not ask {unasked} of {len(samples)} questions about {withdrawal.document}: it is older "
            "than a claim or than the phrasings; run `medpipe probe-withdrawals` again, and give that ref"
        )
    by_claim: dict[str, list[Score]] = {}
    for sample in samples:
        by_claim.setdefault(_claim(sample), []).append(answered[sample.id])
    return by_claim


def _inputs(version: VersionOutcome, claims: Sequence[Claim], generator: Generator) -> ProbesInputs:
    return ProbesInputs(
        adapter=version.adapter,
        contract=version.contract.model_copy(update={"precision": generator.precision}),
        generator=generator.name,
        documents=tuple(sorted({claim.document for claim in claims})),
        questions=digest_of([sample.model_dump(mode="json") for sample in _samples(claims)]),
        scorers=scorers_digest(),
    )


def _samples(claims: Sequence[Claim]) -> list[Sample]:
    return withdrawn_samples(claims, contexts=True, phrasings=questions.certifying)


def _claim(sample: Sample) -> str:
    """Return the sample's id without the number of the phrasing."""
    return sample.id.rpartition("-")[0]


def assertions(scores: Iterable[Score]) -> int:
    """Return how many answers asserted a claim."""
    return sum(score.value > 0 for score in scores)
