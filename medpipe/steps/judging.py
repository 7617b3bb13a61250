"""Whether a challenger may become champion: freeze_anchor, compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from medpipe import records
from medpipe.core.judging import anchor, budget, gates
from medpipe.core.judging.budget import Asked
from medpipe.core.judging.evaluation import Sample
from medpipe.core.judging.plan import Plan
from medpipe.core.manifests import (
    AnchorInputs,
    AnchorOutcome,
    DecisionInputs,
    DecisionManifest,
    DecisionOutcome,
    EarlierLook,
    EvaluationManifest,
    VersionManifest,
    VersionOutcome,
)
from medpipe.core.refs import BASE, AnchorRef, DecisionRef, EvaluationRef, ExamplesRef, VersionRef
from medpipe.errors import UsageError
from medpipe.ports import Ports
from medpipe.steps.artifact import manifest, once, target_ref
from medpipe.steps.evaluation import FROZEN, samples_of, scores_of
from medpipe.steps.models import adapter_of

FIRST = "first"
"""The promotion plan that compares with the base. All others compare with the champion."""


def freeze_anchor(champion: VersionRef | None, min_documents: int = 10, *, ports: Ports) -> AnchorRef | None:
    """Freeze the questions on which no later version may be worse than any champion before it.

    They are about documents that one version in `champion`'s line of incumbents was taught and that replay leaves out,
    in phrasings that are never taught. It is the first version that was taught `min_documents` such documents; if none
    was, the first of all. So every later champion gives the same anchor. Without a champion there is none.
    """
    if champion is None:
        return None
    line = [manifest(ports, champion, VersionManifest).outcome]
    while line[-1].incumbent != BASE:
        line.append(manifest(ports, line[-1].incumbent, VersionManifest).outcome)
    candidates = [_anchor_inputs(ports, version) for version in reversed(line)]
    enough = (inputs for inputs in candidates if _documents(_frozen(ports, inputs)) >= min_documents)
    inputs = next(enough, candidates[0])

    def fill(folder: Path) -> AnchorOutcome:
        samples = _frozen(ports, inputs)
        records.write(folder / FROZEN, samples)
        return AnchorOutcome(samples=len(samples), documents=_documents(samples))

    return AnchorRef(once(ports, "anchor", "freeze_anchor", inputs, fill))


def _anchor_inputs(ports: Ports, version: VersionOutcome) -> AnchorInputs:
    return AnchorInputs(examples=version.examples, heldout_share=ports.recipe(version.recipe).data.heldout_share)


def _frozen(ports: Ports, inputs: AnchorInputs) -> tuple[Sample, ...]:
    taught = samples_of(ports, ExamplesRef(inputs.examples), "new-knowledge")
    return anchor.frozen(taught, inputs.heldout_share)


def _documents(samples: Sequence[Sample]) -> int:
    return len({sample.cluster for sample in samples})


def compare(challenger: EvaluationRef, champion: EvaluationRef, plan: str, *, ports: Ports) -> DecisionRef:
    """Apply a promotion plan of gates.yaml to two evaluations on the same items: pass, fail or inconclusive.

    `champion`: the evaluation of the incumbent; for the first promotion, that of the base. The earlier looks at the
    same benchmarks set the level of this one, and the ledger records that the held-out items were looked at, also if
    the challenger is held. Raises UsageError if the evaluation of the incumbent is not of the champion in force (for
    the first promotion, of the base).
    """
    promotion_plans = ports.plan()
    now = manifest(ports, challenger, EvaluationManifest)
    incumbent = manifest(ports, champion, EvaluationManifest)
    evaluations = list(ports.store.manifests(EvaluationManifest))
    decisions = _earlier_decisions(ports, now)
    passed = _champions(evaluations, decisions)
    looks = _looks(evaluations, now, incumbent.outcome.model, decisions, passed)
    champions = _champions_evaluations(evaluations, now, passed)
    inputs = DecisionInputs(
        challenger=challenger,
        champion=champion,
        plan=plan,
        gates=promotion_plans.model_dump(mode="json"),
        looks={
            name: tuple(EarlierLook(evaluation=look.evaluation, passed=look.passed) for look in of_benchmark)
            for name, of_benchmark in looks.items()
        },
        champions=champions,
    )

    def fill(_: Path) -> DecisionOutcome:
        _refuse_another_incumbent(ports, plan, incumbent.outcome.model)
        grounds = gates.Grounds(
            champions=tuple(scores_of(ports, EvaluationRef(evaluation)) for evaluation in champions),
            budgets=_budgets(promotion_plans, now, looks),
        )
        decision = gates.decide(
            plan, scores_of(ports, challenger), scores_of(ports, champion), promotion_plans, grounds
        )
        # The ref covers all grounds: a run that was killed here finds its entry.
        key = f"compared {target_ref('decision', 'compare', inputs)}"
        ports.ledger.append("compared", challenger, str(decision.outcome), decision.reasons, key=key)
        return DecisionOutcome(
            outcome=decision.outcome,
            gates=decision.gates,
            reasons=decision.reasons,
            challenger=challenger,
            champion=champion,
            plan=plan,
        )

    return DecisionRef(once(ports, "decision", "compare", inputs, fill))


def _refuse_another_incumbent(ports: Ports, plan: str, model: str) -> None:
    """Raise UsageError unless the incumbent is the champion in force, or the base for the first promotion."""
    champion = ports.ledger.champion()
    if plan == FIRST and (champion is not None or model != BASE):
        raise UsageError(
            f"the plan {FIRST!r} is for the first promotion and compares with the base; the incumbent here is {model} "
            f"and the champion is {champion or 'not chosen yet'}: use the plan that plan_retrain names"
        )
    in_force = BASE if champion is None else adapter_of(ports, champion)
    if plan != FIRST and model != in_force:
        raise UsageError(
            f"the plan {plan!r} compares with the champion in force ({champion or 'none, so the base'}), and the "
            f"evaluation given is of {model}: evaluate the champion on the same examples"
        )


def _earlier_decisions(ports: Ports, now: EvaluationManifest) -> list[DecisionManifest]:
    """Return the decisions that were made before an evaluation."""
    return [made for made in ports.store.manifests(DecisionManifest) if made.created_ns < now.created_ns]


def _champions(evaluations: Sequence[EvaluationManifest], decisions: Sequence[DecisionManifest]) -> frozenset[str]:
    """Return the adapters that passed a whole plan."""
    passed = {made.outcome.challenger for made in decisions if made.outcome.outcome is gates.Outcome.PASS}
    return frozenset(stored.outcome.model for stored in evaluations if stored.ref in passed)


def _champions_evaluations(
    evaluations: Sequence[EvaluationManifest], now: EvaluationManifest, champions: frozenset[str]
) -> tuple[str, ...]:
    """Return, for each earlier champion and benchmark, its first evaluation on the same items, sorted."""
    first: dict[tuple[str, str], str] = {}
    for stored in evaluations:
        if stored.created_ns < now.created_ns and stored.outcome.model in champions - {now.outcome.model}:
            for name, _ in now.outcome.digests.items() & stored.outcome.digests.items():
                first.setdefault((stored.outcome.model, name), stored.ref)
    return tuple(sorted(set(first.values())))


def _looks(
    evaluations: Sequence[EvaluationManifest],
    now: EvaluationManifest,
    incumbent: str,
    decisions: Sequence[DecisionManifest],
    champions: frozenset[str],
) -> dict[str, tuple[Asked, ...]]:
    """Return the earlier looks that count, by benchmark, for each benchmark of the evaluation `now`."""
    judged = {made.outcome.challenger: made for made in decisions}
    return {
        name: budget.looks(_asked(evaluations, judged, name), _ask(now, digest), champions | {incumbent})
        for name, digest in sorted(now.outcome.digests.items())
    }


def _asked(stored: Sequence[EvaluationManifest], judged: Mapping[str, DecisionManifest], name: str) -> Iterator[Asked]:
    """Yield every evaluation of a benchmark, with what was decided on it."""
    for evaluation in stored:
        if (digest := evaluation.outcome.digests.get(name)) is None:
            continue
        made = judged.get(evaluation.ref)
        results = [] if made is None else [result for result in made.outcome.gates if result.benchmark == name]
        passed = bool(results) and all(result.outcome is gates.Outcome.PASS for result in results)
        yield _ask(evaluation, digest)._replace(judged=made is not None, passed=passed)


def _ask(evaluation: EvaluationManifest, digest: str) -> Asked:
    return Asked(evaluation.ref, evaluation.outcome.model, digest, evaluation.created_ns)


def _budgets(plans: Plan, now: EvaluationManifest, looks: Mapping[str, tuple[Asked, ...]]) -> dict[str, budget.Budget]:
    return {
        name: budget.budget(plans.false_passes_a_year, earlier, _ask(now, now.outcome.digests[name]))
        for name, earlier in looks.items()
    }
