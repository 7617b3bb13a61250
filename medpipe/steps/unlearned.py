"""What a model has not learned yet, or not unlearned yet: facts of a corpus, preference pairs, withdrawn documents."""

from __future__ import annotations

from typing import Any

from medpipe import records
from medpipe.core.knowledge import fact_changes
from medpipe.core.knowledge.fact_changes import Changes
from medpipe.core.knowledge.withdrawals import State
from medpipe.core.manifests import ExamplesManifest, PairsManifest
from medpipe.core.refs import CorpusRef, PairsRef, kind_of
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.feedback import ERASED
from medpipe.core.teaching.recipe import Recipe
from medpipe.ports import Ports
from medpipe.steps import carried
from medpipe.steps.artifact import manifest
from medpipe.steps.corpus import digests, table_version
from medpipe.steps.examples import hygiene_of
from medpipe.steps.withdrawals import claims_in_force, register


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
    documents = ports.corpus.read(table_version(ports, corpus), ids=unread)
    hygiene = hygiene_of(ports, recipe.base if recipe else "")
    stated = fact_changes.stated(documents, recipe.data if recipe else Data(), hygiene)
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


def _read_before(ports: Ports, recipe: Recipe | None, model: str) -> dict[str, str]:
    """Return the digests of the documents that the model's newest training by this recipe read."""
    for adapter in carried.line_of(ports, model):
        if kind_of(adapter.outcome.data) == ExamplesManifest.kind:
            examples = manifest(ports, adapter.outcome.data, ExamplesManifest)
            same = recipe is not None and examples.inputs.recipe == recipe.model_dump(mode="json")
            return digests(ports, CorpusRef(examples.outcome.corpus)) if same else {}
    return {}


def _pairs(ports: Ports, pairs: str) -> set[tuple[Any, Any]]:
    rows = records.read_rows(ports.store.folder(pairs) / carried.TRAINING)
    return {(row["answer_id"], row["chosen"]) for row in rows if row["identity"] != ERASED}
