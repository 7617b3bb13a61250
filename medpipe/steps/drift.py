"""How far the world has moved from what the champion carries: detect_drift."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from medpipe.core.knowledge import drift
from medpipe.core.knowledge.drift import Canaries, Drift, ErasedPairs, Heard, Measured
from medpipe.core.knowledge.drift_policy import DriftPolicy
from medpipe.core.manifests import DriftInputs
from medpipe.core.refs import BASE, CorpusRef, DriftRef, PairsRef, VersionRef, digest_of
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import CannotPass, UsageError
from medpipe.ports import Ports
from medpipe.steps import carried, memory
from medpipe.steps.artifact import once
from medpipe.steps.canaries import ask_canaries
from medpipe.steps.erased import erased_pairs, taught_erased
from medpipe.steps.hotfixes import plan_hotfix
from medpipe.steps.planning import plan_retrain
from medpipe.steps.relearning import learned_and_erased, untainted
from medpipe.steps.unlearned import asserted_withdrawals, changes_of, recipe_of, unused_pairs
from medpipe.steps.withdrawals import register


def detect_drift(
    corpus: CorpusRef,
    champion: VersionRef | None,
    pairs: PairsRef | None = None,
    at: datetime | None = None,
    recipe: str = "",
    dpo_recipe: str = "",
    *,
    ports: Ports,
) -> DriftRef:
    """Measure how far the facts of a corpus, the withdrawals and the feedback are from what the champion carries.

    `at`: the time of the measurement, with a time zone; without it, ages, feedback and canaries are not measured.
    `recipe`: the SFT recipe that a retrain would use; empty: the one that the champion learned facts by, and without a
    champion no recipe's choice of sources and languages but the defaults. `dpo_recipe`: the recipe for unused pairs.
    The outcome has the signals and the verdict: retrain (and by which method) or hold. A retrain that `plan_retrain`
    would refuse because it cannot pass, such as one that was held before, is not asked for; without `dpo_recipe`,
    nobody knows that about training on pairs. What serves is asked some questions that the champion answered right
    (`canaries.ask_canaries`).
    """
    if at is not None and at.tzinfo is None:
        raise UsageError(f"at={at.isoformat()} has no time zone: write {at.isoformat()}+00:00 for UTC")
    name = recipe or recipe_of(ports, champion or BASE)
    used = ports.recipe(name) if name else None
    policy = ports.drift_policy()
    heard = _heard(ports, champion, at, policy)
    canaries = ask_canaries(ports, champion) if champion and at else None
    inputs = DriftInputs(
        corpus=corpus,
        champion=champion,
        pairs=pairs,
        at=at,
        recipe=used.model_dump(mode="json") if used else {},
        dpo_recipe=ports.recipe(dpo_recipe).model_dump(mode="json") if dpo_recipe else {},
        policy=policy.model_dump(mode="json"),
        state=_state(ports, champion, pairs, heard, canaries),
    )

    def fill(_: Path) -> Drift:
        found = drift.verdict(_measured(ports, corpus, champion, pairs, at, used, heard, canaries), policy)
        by_method = name if found.method == "sft" else dpo_recipe
        if champion is None or found.verdict == "hold" or not by_method:
            return found
        refusal = _refusal(ports, corpus, champion, pairs, by_method, found)
        return drift.held(found, refusal) if refusal else found

    return DriftRef(once(ports, "drift", "detect_drift", inputs, fill))


def _measured(
    ports: Ports,
    corpus: CorpusRef,
    champion: VersionRef | None,
    pairs: PairsRef | None,
    at: datetime | None,
    recipe: Recipe | None,
    heard: Heard | None,
    canaries: Canaries | None,
) -> Measured:
    model = champion or BASE
    line = carried.line_of(ports, model)
    return Measured(
        changes=changes_of(ports, corpus, recipe, model),
        withdrawn=asserted_withdrawals(ports, corpus, model),
        carried=len(carried.taught_digests(ports, model)),
        pairs_unused=unused_pairs(ports, pairs, model),
        trained_at=memory.made_at(line[0]) if line else None,
        at=at,
        heard=heard,
        canaries=canaries,
        erased=_erased(ports, corpus, model, pairs, recipe),
    )


def _erased(ports: Ports, corpus: CorpusRef, model: str, pairs: PairsRef | None, recipe: Recipe | None) -> ErasedPairs:
    """Return what was erased of what a model learned, and what the training that goes back before it would learn."""
    erased = erased_pairs(ports, model)
    if not erased:
        return ErasedPairs()
    start = untainted(ports, model, (), erased)
    learned, gone = learned_and_erased(ports, model)
    usable = pairs is not None and start != BASE and not taught_erased(ports, pairs)
    return ErasedPairs(
        pairs=gone,
        learned=learned,
        start=start,
        learns=changes_of(ports, corpus, recipe, start).unlearned,
        unused=unused_pairs(ports, pairs, start) if usable else 0,
    )


def _refusal(
    ports: Ports, corpus: CorpusRef, champion: VersionRef, pairs: PairsRef | None, recipe: str, found: Drift
) -> str:
    """Return why the retrain that a verdict asks for cannot pass, as planning says; empty if it may.

    It is planned as the DAG retrain plans it: a training by SFT leaves out what the champion must unlearn.
    """
    by_preference = found.method == "dpo"
    unlearn = () if by_preference else {*found.withdrawn, *plan_hotfix(champion, ports=ports).documents}
    documents = tuple(sorted(unlearn))
    try:
        plan_retrain(
            champion,
            recipe,
            documents=documents,
            withdraw=documents,
            corpus=corpus,
            pairs=pairs if by_preference else None,
            ports=ports,
        )
    except CannotPass as error:
        return str(error)
    return ""


def _heard(ports: Ports, champion: VersionRef | None, at: datetime | None, policy: DriftPolicy) -> Heard | None:
    if champion is None or at is None:
        return None
    try:
        start, end = drift.window(at, policy)
    except OverflowError:
        raise UsageError(f"at={at.isoformat()}: there are no {policy.feedback_days} days before it") from None
    rated, served = ports.feedback.rated(start, end, champion), ports.feedback.served(start, end, champion)
    unseen = 0
    if rated.ratings >= policy.min_feedback:
        topics = {fact.topic for fact in carried.facts(ports, champion).values()}
        questions = ports.feedback.rated_questions(start, end, champion)
        unseen = sum(count for question, count in questions if not drift.about_any(question, topics))
    return Heard(rated.ratings, rated.down, unseen, served.answers, served.refused)


def _state(
    ports: Ports, champion: VersionRef | None, pairs: PairsRef | None, heard: Heard | None, canaries: Canaries | None
) -> str:
    """Return a digest of the mutable state that the measurement reads: it is made again when that has changed."""
    withdrawals = [(withdrawal.document, withdrawal.state, len(withdrawal.claims)) for withdrawal in register(ports)]
    unlearn = plan_hotfix(champion, ports=ports).documents
    named = (*erased_pairs(ports, champion or BASE), *([pairs] if pairs else []))
    erased = [blanked.content() for name in named if (blanked := ports.store.blanked(name))]
    return digest_of([withdrawals, unlearn, heard, canaries, memory.judged_versions(ports), erased])
