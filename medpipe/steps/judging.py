"""Whether a challenger may become champion: freeze_anchor, compare."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from medpipe import code_digest, records
from medpipe.core.judging import anchor, budget, gates
from medpipe.core.judging.budget import Asked
from medpipe.core.judging.evaluation import Evaluation, Sample
from medpipe.core.judging.plan import Plan
from medpipe.core.judging.rating.gate import Reviewed
from medpipe.core.manifests import (
    AnchorInputs,
    AnchorOutcome,
    DecisionInputs,
    DecisionManifest,
    DecisionOutcome,
    EarlierLook,
    EvaluationManifest,
    Snapshot,
    VersionManifest,
    VersionOutcome,
)
from medpipe.core.refs import BASE, AnchorRef, DecisionRef, EvaluationRef, ExamplesRef, RatingsRef, VersionRef
from medpipe.errors import UsageError
from medpipe.ports import Ports
from medpipe.steps.artifact import manifest, once, target_ref
from medpipe.steps.evaluation import scores_of
from medpipe.steps.lessened import refuse_lessened
from medpipe.steps.made import Made, passed_adapters
from medpipe.steps.made_again import refuse_made_again
from medpipe.steps.models import adapter_of
from medpipe.steps.rated import refuse_chosen_ratings, reviewed_of
from medpipe.steps.samples import FROZEN, held_in

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
    taught = held_in(ports, ExamplesRef(inputs.examples), "new-knowledge")
    return anchor.frozen(taught, inputs.heldout_share)


def _documents(samples: Sequence[Sample]) -> int:
    return len({sample.cluster for sample in samples})


def compare(
    challenger: EvaluationRef, champion: EvaluationRef, plan: str, ratings: RatingsRef | None = None, *, ports: Ports
) -> DecisionRef:
    """Apply a promotion plan of gates.yaml to two evaluations on the same items: pass, fail or inconclusive.

    `champion`: the evaluation of the incumbent; for the first promotion, that of the base. The earlier looks at the
    same benchmarks set the level of this one, and the ledger records that the held-out items were looked at, also if
    the challenger is held. `ratings`: what clinicians said of both, for gates of the kind `rated`. Raises UsageError if
    the evaluation of the incumbent is not of the champion in force (for the first promotion, of the base), for one of
    weights that were made again and are others, and for ratings that were chosen among several.
    """
    made = Made.of((*ports.store.manifests(EvaluationManifest), *ports.store.manifests(DecisionManifest)))
    inputs = grounds_of(challenger, champion, plan, ports.plan().model_dump(mode="json"), made, ratings or "")

    def fill(_: Path) -> DecisionOutcome:
        _refuse_another_incumbent(ports, plan, made.evaluation(champion).outcome.model)
        said = reviewed_of(ports, inputs)
        decision = decided(inputs, made, lambda evaluation: scores_of(ports, evaluation), said)
        # The ref covers all grounds: a run that was killed here finds its entry.
        key = f"compared {target_ref('decision', 'compare', inputs)}"
        ports.ledger.append("compared", challenger, str(decision.outcome), decision.reasons, key=key)
        return decision

    for evaluation in (made.evaluation(challenger), made.evaluation(champion)):
        refuse_lessened(evaluation)
        refuse_made_again(ports, evaluation, evaluation.inputs.adapter)
    if ratings:
        refuse_chosen_ratings(ports, ratings, challenger)
    decision = DecisionRef(once(ports, "decision", "compare", inputs, fill))
    refuse_made_again(ports, manifest(ports, decision, DecisionManifest), challenger, champion)
    return decision


def grounds_of(
    challenger: EvaluationRef,
    champion: EvaluationRef,
    plan: str,
    promotion_plans: Snapshot,
    made: Made,
    ratings: str = "",
) -> DecisionInputs:
    """Return what a comparison rests on: the two evaluations, the plan, and all that was looked at before.

    What was made after the challenger's evaluation does not count, so a repeated comparison has the same grounds.
    """
    now, incumbent = made.evaluation(challenger), made.evaluation(champion)
    evaluations = list(made.evaluations.values())
    decisions = [decision for decision in made.decisions if decision.created_ns < now.created_ns]
    plans, passed = Plan.model_validate(promotion_plans), passed_adapters(evaluations, decisions)
    looks = _looks(evaluations, now, incumbent.outcome.model, decisions, passed, plans)
    return DecisionInputs(
        challenger=challenger,
        champion=champion,
        plan=plan,
        gates=promotion_plans,
        looks={
            name: tuple(EarlierLook(evaluation=look.evaluation, passed=look.passed) for look in of_benchmark)
            for name, of_benchmark in looks.items()
        },
        champions=_champions_evaluations(evaluations, now, passed, _held(plans, plan)),
        ratings=ratings,
        code=code_digest.of("compare"),
    )


def decided(
    inputs: DecisionInputs,
    made: Made,
    scores: Callable[[EvaluationRef], Evaluation],
    reviewed: Reviewed | None = None,
) -> DecisionOutcome:
    """Return the decision that follows from its grounds: the scores of both evaluations, anchor, gates and budgets.

    `reviewed`: what clinicians said, where they were asked.

    Raises NotFound when an evaluation is missing, what `scores` raises, and pydantic's ValidationError for gates of
    another form.
    """
    plan = Plan.model_validate(inputs.gates)
    grounds = gates.Grounds(
        champions=tuple(scores(EvaluationRef(evaluation)) for evaluation in inputs.champions),
        budgets=_budgets(plan.false_passes_a_year, inputs, made),
        reviewed=reviewed,
    )
    asked, before = (scores(EvaluationRef(evaluation)) for evaluation in (inputs.challenger, inputs.champion))
    decision = gates.decide(inputs.plan, asked, before, plan, grounds)
    return DecisionOutcome(
        outcome=decision.outcome,
        gates=decision.gates,
        reasons=decision.reasons,
        challenger=inputs.challenger,
        champion=inputs.champion,
        plan=inputs.plan,
    )


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


def _held(plans: Plan, plan: str) -> frozenset[str]:
    """Return the benchmarks on which the plan compares with every earlier champion."""
    of_plan = plans.plans.get(plan, ())
    return frozenset(name for gate in of_plan if gate.kind == "not_worse_than_best" for name in gate.benchmarks)


def _champions_evaluations(
    evaluations: Sequence[EvaluationManifest],
    now: EvaluationManifest,
    champions: frozenset[str],
    benchmarks: frozenset[str],
) -> tuple[str, ...]:
    """Return, for each earlier champion and benchmark, its first evaluation on the same items, sorted.

    For a champion that was never asked the same set, it is its newest evaluation: it may share questions with this one.
    """
    asked = {name: digest for name, digest in now.outcome.digests.items() if name in benchmarks}
    first: dict[tuple[str, str], str] = {}
    newest: dict[tuple[str, str], str] = {}
    for stored in evaluations:
        if stored.inputs.without:
            continue
        if stored.created_ns < now.created_ns and stored.outcome.model in champions - {now.outcome.model}:
            for name in asked.keys() & stored.outcome.digests.keys():
                newest[stored.outcome.model, name] = stored.ref
                if stored.outcome.digests[name] == asked[name]:
                    first.setdefault((stored.outcome.model, name), stored.ref)
    return tuple(sorted({*(newest | first).values()}))


def _looks(
    evaluations: Sequence[EvaluationManifest],
    now: EvaluationManifest,
    incumbent: str,
    decisions: Sequence[DecisionManifest],
    champions: frozenset[str],
    plans: Plan,
) -> dict[str, tuple[Asked, ...]]:
    """Return the earlier looks that count, by benchmark, for each benchmark of the evaluation `now`.

    An evaluation with fewer samples of a benchmark than any gate judges is no look at it.
    """
    judged = {made.outcome.challenger: made for made in decisions}
    return {
        name: budget.looks(
            _asked(evaluations, judged, name, plans.fewest(name)), _ask(now, digest), champions | {incumbent}
        )
        for name, digest in sorted(now.outcome.digests.items())
    }


def _asked(
    stored: Sequence[EvaluationManifest], judged: Mapping[str, DecisionManifest], name: str, fewest: int
) -> Iterator[Asked]:
    """Yield every evaluation of a benchmark on `fewest` samples or more, with what was decided on it."""
    for evaluation in stored:
        metric = evaluation.outcome.metrics.get(name)
        if (digest := evaluation.outcome.digests.get(name)) is None or (metric and metric.n < fewest):
            continue
        made = judged.get(evaluation.ref)
        results = [] if made is None else [result for result in made.outcome.gates if result.benchmark == name]
        judged_at = [result.outcome for result in results if result.budget is not None]
        # Without a budget nothing was judged. The scores were seen all the same, so the look spends its level.
        passed = bool(judged_at) and all(outcome is gates.Outcome.PASS for outcome in judged_at)
        yield _ask(evaluation, digest)._replace(judged=made is not None, passed=passed)


def _ask(evaluation: EvaluationManifest, digest: str) -> Asked:
    return Asked(evaluation.ref, evaluation.outcome.model, digest, evaluation.created_ns)


def _budgets(total: float, inputs: DecisionInputs, made: Made) -> dict[str, budget.Budget]:
    def ask(ref: str, name: str) -> Asked:
        evaluation = made.evaluation(ref)
        return _ask(evaluation, evaluation.outcome.digests[name])

    return {
        name: budget.budget(
            total,
            [ask(look.evaluation, name)._replace(passed=look.passed) for look in looks],
            ask(inputs.challenger, name),
        )
        for name, looks in inputs.looks.items()
    }
