"""Retrains that were held: the same one is not trained again, and one that forgot is followed by a fresh start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from medpipe.core.judging.gates import Outcome
from medpipe.core.judging.plan import LOSSES
from medpipe.core.knowledge.carried import Role
from medpipe.core.manifests import (
    AdapterManifest,
    DecisionManifest,
    ExamplesManifest,
    Manifest,
    VersionManifest,
)
from medpipe.core.refs import BASE, CorpusRef, PairsRef, VersionRef
from medpipe.core.teaching.recipe import Recipe
from medpipe.ports import Ports
from medpipe.steps import carried
from medpipe.steps.models import adapter_of
from medpipe.steps.unlearned import changes_of

_NANOSECONDS = 1_000_000_000


class Retrain(NamedTuple):
    """What decides whether two retrains are the same."""

    start: str
    """`base` or the version that training continues."""
    recipe: Recipe
    data: CorpusRef | PairsRef
    """The corpus that SFT learns from, or the pairs that DPO learns from."""
    withdraw: tuple[str, ...]
    """Documents whose claims must be taught as withdrawn."""


def held_before(ports: Ports, retrain: Retrain) -> str | None:
    """Return why the same retrain was held, for people; None when it was not.

    A retrain is the same when it starts from the same weights by the same recipe, and everything that it would learn or
    withdraw was learned or withdrawn then. Outcomes of versions decide; a version that passed is not looked at.
    """
    newest_first = reversed(list(ports.store.manifests(VersionManifest)))
    alike = [version for version in newest_first if version.outcome.outcome is not Outcome.PASS]
    trained = [(version, adapter) for version in alike if (adapter := _trained_alike(ports, version, retrain))]
    if retrain.recipe.method != "sft":
        same = (version for version, adapter in trained if adapter.outcome.data == retrain.data)
    else:
        learns = _learns(ports, retrain) if trained else {}
        same = (version for version, adapter in trained if _taught(ports, adapter, retrain.withdraw, learns))
    version = next(same, None)
    if version is None:
        return None
    decision = ports.store.find(version.outcome.decision)
    reasons = decision.outcome.reasons if isinstance(decision, DecisionManifest) else ()
    return (
        f"{version.ref} learned the same and was held on {made_at(version):%Y-%m-%d} because: "
        f"{'; '.join(reasons) or version.outcome.outcome}. Change the recipe, or wait for new facts"
    )


def start_of(ports: Ports, champion: VersionRef, recipe: Recipe) -> str:
    """Return what a routine training by an SFT recipe starts from: the champion, or `base` after one lost something.

    Each training that continues a champion forgets a little. When the newest one by this recipe was held because of
    such a loss, of knowledge or of safety, another one would lose as much: the next starts from the base and is taught
    the whole corpus again. One such start is tried for each loss, and none where the policy of drift says so or the
    recipe can only continue.
    """
    if recipe.continues or not ports.drift_policy().fresh_start_after_loss:
        return champion
    versions = reversed(list(ports.store.manifests(VersionManifest)))
    tried = (
        version for version in versions if version.outcome.incumbent == champion and _taught_by(ports, version, recipe)
    )
    newest = next(tried, None)
    return BASE if newest and newest.outcome.parent == champion and _lost(ports, newest) else champion


def judged_versions(ports: Ports) -> list[tuple[str, str]]:
    """Return every version with its outcome, oldest first: what `held_before` and `start_of` depend on."""
    return [(version.ref, str(version.outcome.outcome)) for version in ports.store.manifests(VersionManifest)]


def made_at(stored: Manifest) -> datetime:
    """Return when an artifact was finished, in UTC."""
    return datetime.fromtimestamp(stored.created_ns / _NANOSECONDS, UTC)


def _trained_alike(ports: Ports, version: VersionManifest, retrain: Retrain) -> AdapterManifest | None:
    """Return the adapter of a version that was trained from the same weights by the same recipe; None for any other."""
    adapter = ports.store.find(version.outcome.adapter)
    if not isinstance(adapter, AdapterManifest):
        return None
    same_recipe = adapter.inputs.recipe == retrain.recipe.model_dump(mode="json")
    same_base = same_recipe and adapter.inputs.base == ports.base_digest(retrain.recipe.base)
    return (
        adapter
        if same_base and adapter_of(ports, adapter.inputs.start_from) == adapter_of(ports, retrain.start)
        else None
    )


def _learns(ports: Ports, retrain: Retrain) -> Mapping[str, str]:
    """Return fact id → what it says, for the facts of the corpus that the start of an SFT retrain was not taught."""
    return changes_of(ports, CorpusRef(retrain.data), retrain.recipe, retrain.start).unlearned


def _taught(ports: Ports, adapter: AdapterManifest, withdraw: Sequence[str], learns: Mapping[str, str]) -> bool:
    """Return whether a training by SFT taught all of some facts, and some documents as withdrawn."""
    if not isinstance(ports.store.find(adapter.outcome.data), ExamplesManifest):
        return False
    rows = list(carried.fact_rows(ports, adapter.outcome.data))
    withdrawn = {row["document"] for row in rows if row["role"] == Role.WITHDRAWN}
    learned = {row["id"]: row["says"] for row in rows if row["role"] != Role.WITHDRAWN}
    return withdrawn.issuperset(withdraw) and learns.items() <= learned.items()


def _taught_by(ports: Ports, version: VersionManifest, recipe: Recipe) -> bool:
    adapter = ports.store.find(version.outcome.adapter)
    return isinstance(adapter, AdapterManifest) and adapter.inputs.recipe == recipe.model_dump(mode="json")


def _lost(ports: Ports, version: VersionManifest) -> bool:
    """Return whether a version was held because knowledge or safety was lost, or was not shown to be kept."""
    decision = ports.store.find(version.outcome.decision)
    gates = decision.outcome.gates if isinstance(decision, DecisionManifest) else ()
    return any(gate.name.split()[0] in LOSSES and gate.outcome is not Outcome.PASS for gate in gates)
