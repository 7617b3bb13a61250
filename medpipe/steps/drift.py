"""How far the world has moved from what the champion carries: detect_drift, and the changes of a corpus by fact."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from medpipe import records
from medpipe.core.knowledge import drift, fact_changes
from medpipe.core.knowledge.drift import Canaries, Drift, ErasedPairs, Heard, Measured
from medpipe.core.knowledge.drift_policy import DriftPolicy
from medpipe.core.knowledge.fact_changes import Changes
from medpipe.core.knowledge.withdrawals import State
from medpipe.core.manifests import DriftInputs, ExamplesManifest, PairsManifest
from medpipe.core.refs import BASE, CorpusRef, DriftRef, PairsRef, VersionRef, digest_of, kind_of
from medpipe.core.teaching.feedback import ERASED
from medpipe.core.teaching.recipe import Data, Recipe
from medpipe.errors import UsageError
from medpipe.ports import Ports
from medpipe.steps import carried, memory
from medpipe.steps.artifact import manifest, once
from medpipe.steps.canaries import ask_canaries
from medpipe.steps.corpus import digests, table_version
from medpipe.steps.erased import erased_pairs, taught_erased
from medpipe.steps.examples import hygiene_of
from medpipe.steps.models import adapter_of
from medpipe.steps.relearning import learned_and_erased, untainted
from medpipe.steps.withdrawals import claims_in_force, register


def detect_drift(
    corpus: CorpusRef,
    champion: VersionRef | None,
    pairs: PairsRef | None = None,
    at: datetime | None = None,
    recipe: str = "",
    *,
    ports: Ports,
) -> DriftRef:
    """Measure how far the facts of a corpus, the withdrawals and the feedback are from what the champion carries.

    `at`: the time of the measurement, with a time zone; without it, ages, feedback and canaries are not measured.
    `recipe`: the SFT recipe that a retrain would use; empty: the one that the champion learned facts by, and without a
    champion no recipe's choice of sources and languages but the defaults. The outcome has the signals and the verdict:
    retrain (and by which method) or hold. A retrain that was held before is not asked for again. What serves is asked
    some questions that the champion answered right (`canaries.ask_canaries`).
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
        policy=policy.model_dump(mode="json"),
        state=_state(ports, champion, pairs, heard, canaries),
    )

    def fill(_: Path) -> Drift:
        measured = _measured(ports, corpus, champion, pairs, at, used, heard, canaries)
        found = drift.verdict(measured, policy)
        return found if champion is None else _remembered(ports, champion, pairs, used, measured, found)

    return DriftRef(once(ports, "drift", "detect_drift", inputs, fill))


def changes_of(ports: Ports, corpus: CorpusRef, recipe: Recipe | None, model: str) -> Changes:
    """Return the facts of a corpus that a recipe would teach and a model was not taught.

    Only documents that changed since the model's newest training read them are read again, unless that training used
    another recipe.
    """
    current = digests(ports, corpus)
    before = _read_before(ports, recipe, model)
    in_force = {withdrawal.document: withdrawal.in_force for withdrawal in register(ports)}
    # A lifted withdrawal makes facts teachable again although its document did not change.
    changed = {id for id, digest in current.items() if before.get(id) != digest or id in in_force}
    unread = {id for id in changed if not in_force.get(id)}
    documents = (document for document in ports.corpus.read(table_version(ports, corpus)) if document.id in unread)
    stated = fact_changes.stated(documents if unread else (), recipe.data if recipe else Data(), hygiene_of(ports))
    return fact_changes.changes(stated, carried.facts(ports, model), claims_in_force(ports))


def recipe_of(ports: Ports, model: str) -> str | None:
    """Return the name of the recipe of the newest training of a model's line that taught facts; None without one."""
    taught = (adapter.outcome for adapter in carried.line_of(ports, model) if adapter.outcome.method == "sft")
    return next((outcome.recipe for outcome in taught), None)


def asserted_withdrawals(ports: Ports, corpus: CorpusRef | None, model: str) -> tuple[str, ...]:
    """Return the withdrawn documents whose claims a model carries, sorted by id.

    Withdrawn is what the register has in force, and what is retracted in the corpus and was not lifted. A document
    that a later training taught as withdrawn is not among them once its withdrawal counts as unlearned.
    """
    states = {withdrawal.document: withdrawal.state for withdrawal in register(ports)}
    retracted = ports.corpus.digests(table_version(ports, corpus), ("retracted",)) if corpus else {}
    withdrawn = {id for id in {*states, *retracted} if states.get(id) is not State.LIFTED}
    pending = {id for id in withdrawn if states.get(id) in (State.OPENED, State.BLOCKED)}
    asserted = carried.still_asserted(ports, model, withdrawn & set(carried.taught_digests(ports, model)))
    return tuple(id for id, still in asserted.items() if still or id in pending)


def unused_pairs(ports: Ports, pairs: PairsRef | None, model: str) -> int:
    """Return how many preference pairs no training of a model's line has learned from."""
    if pairs is None:
        return 0
    manifest(ports, pairs, PairsManifest)
    line = (adapter.outcome.data for adapter in carried.line_of(ports, model))
    used = {pair for data in line if kind_of(data) == PairsManifest.kind for pair in _pairs(ports, data)}
    return len(_pairs(ports, pairs) - used)


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


def _remembered(
    ports: Ports, champion: VersionRef, pairs: PairsRef | None, recipe: Recipe | None, measured: Measured, found: Drift
) -> Drift:
    """Return the verdict, turned to hold when the retrain that it asks for was held before."""
    if found.verdict == "hold":
        return found
    held = memory.held_before(
        ports,
        memory.Retrain(
            start=None if found.withdrawn else _start(ports, champion, recipe, measured.erased, found),
            incumbent=champion,
            recipe=None if found.method == "dpo" else recipe,
            pairs=pairs if found.method == "dpo" else None,
            withdraw=found.withdrawn,
            learns=measured.erased.learns if measured.erased.pairs else measured.changes.unlearned,
        ),
    )
    return found if held is None else drift.held(found, held)


def _start(ports: Ports, champion: VersionRef, recipe: Recipe | None, erased: ErasedPairs, found: Drift) -> str:
    """Return `base` or the adapter that the retrain which the verdict asks for would start from."""
    if erased.pairs:
        return adapter_of(ports, erased.start)
    if recipe is None or found.method == "dpo":
        return adapter_of(ports, champion)
    return adapter_of(ports, memory.start_of(ports, champion, recipe))


def _read_before(ports: Ports, recipe: Recipe | None, model: str) -> dict[str, str]:
    """Return the digests of the documents that the model's newest training by this recipe read."""
    for adapter in carried.line_of(ports, model):
        if kind_of(adapter.outcome.data) == ExamplesManifest.kind:
            examples = manifest(ports, adapter.outcome.data, ExamplesManifest)
            same = recipe is not None and examples.inputs.recipe == recipe.model_dump(mode="json")
            return digests(ports, CorpusRef(examples.outcome.corpus)) if same else {}
    return {}


def _heard(ports: Ports, champion: VersionRef | None, at: datetime | None, policy: DriftPolicy) -> Heard | None:
    if champion is None or at is None:
        return None
    try:
        start, end = drift.window(at, policy)
    except OverflowError:
        raise UsageError(f"at={at.isoformat()}: there are no {policy.feedback_days} days before it") from None
    items = [item for item in ports.feedback.between(start, end) if item.version == champion]
    topics = (
        {fact.topic for fact in carried.facts(ports, champion).values()} if len(items) >= policy.min_feedback else ()
    )
    served = ports.feedback.served(start, end, champion)
    return Heard(items, topics, served.answers, served.refused)


def _state(
    ports: Ports, champion: VersionRef | None, pairs: PairsRef | None, heard: Heard | None, canaries: Canaries | None
) -> str:
    """Return a digest of the mutable state that the measurement reads: it is made again when that has changed."""
    withdrawals = [(withdrawal.document, withdrawal.state, len(withdrawal.claims)) for withdrawal in register(ports)]
    ratings = sorted((item.answer_id, item.identity, item.rating) for item in heard.items) if heard else []
    refused = heard.refused if heard else 0
    named = (*erased_pairs(ports, champion or BASE), *([pairs] if pairs else []))
    erased = [blanked.content() for name in named if (blanked := ports.store.blanked(name))]
    return digest_of([withdrawals, ratings, refused, canaries, memory.held_versions(ports), erased])


def _pairs(ports: Ports, pairs: str) -> set[tuple[Any, Any]]:
    rows = records.read_rows(ports.store.folder(pairs) / carried.TRAINING)
    return {(row["answer_id"], row["chosen"]) for row in rows if row["identity"] != ERASED}
