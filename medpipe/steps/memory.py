"""Retrains that were held: the same one is not trained again, and one that forgot is followed by a fresh start."""

from __future__ import annotations

from collections.abc import Mapping
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
    PairsManifest,
    VersionManifest,
)
from medpipe.core.refs import BASE, VersionRef, kind_of
from medpipe.core.teaching.recipe import Recipe
from medpipe.ports import Ports
from medpipe.steps import carried
from medpipe.steps.models import adapter_of

_NANOSECONDS = 1_000_000_000


class Retrain(NamedTuple):
    """What decides whether two retrains are the same."""

    start: str | None
    """`base` or the adapter that training continues; None: any that was judged against `incumbent`."""
    incumbent: str
    recipe: Recipe | None
    """None: any recipe."""
    pairs: str | None
    """The pairs that DPO learns from; None for SFT."""
    withdraw: tuple[str, ...]
    """Documents whose claims must be taught as withdrawn."""
    learns: Mapping[str, str]
    """Fact id → what it says, for the facts that the start was not taught."""


def held_before(ports: Ports, retrain: Retrain) -> str | None:
    """Return why the same retrain was held, for people; None when it was not.

    A retrain is the same when it starts from the same weights by the same recipe, and every fact that it would learn
    or withdraw was learned or withdrawn then. Outcomes of versions decide; a version that passed is not looked at.
    """
    for version in reversed(list(ports.store.manifests(VersionManifest))):
        if version.outcome.outcome is Outcome.PASS or not _same(ports, version, retrain):
            continue
        decision = ports.store.find(version.outcome.decision)
        reasons = decision.outcome.reasons if isinstance(decision, DecisionManifest) else ()
        return (
            f"{version.ref} learned the same and was held on {made_at(version):%Y-%m-%d} because: "
            f"{'; '.join(reasons) or version.outcome.outcome}. Change the recipe, or wait for new facts"
        )
    return None


def start_of(ports: Ports, champion: VersionRef, recipe: Recipe) -> str:
    """Return what a routine training by an SFT recipe starts from: the champion, or `base` after one lost something.

    Each training that continues a champion forgets a little. When the newest one by this recipe was held because of
    such a loss, of knowledge or of safety, another one would lose as much: the next starts from the base and is taught
    the whole corpus again. One such start is tried for each loss, and none where the policy of drift says so.
    """
    if not ports.drift_policy().fresh_start_after_loss:
        return champion
    versions = reversed(list(ports.store.manifests(VersionManifest)))
    tried = (
        version for version in versions if version.outcome.incumbent == champion and _taught_by(ports, version, recipe)
    )
    newest = next(tried, None)
    return BASE if newest and newest.outcome.parent == champion and _lost(ports, newest) else champion


def held_versions(ports: Ports) -> list[str]:
    """Return the refs of every version that did not pass, oldest first."""
    return [
        version.ref for version in ports.store.manifests(VersionManifest) if version.outcome.outcome is not Outcome.PASS
    ]


def made_at(stored: Manifest) -> datetime:
    """Return when an artifact was finished, in UTC."""
    return datetime.fromtimestamp(stored.created_ns / _NANOSECONDS, UTC)


def _same(ports: Ports, version: VersionManifest, retrain: Retrain) -> bool:
    adapter = ports.store.find(version.outcome.adapter)
    if not isinstance(adapter, AdapterManifest) or not _starts_alike(ports, version, adapter, retrain):
        return False
    if retrain.recipe and adapter.inputs.recipe != retrain.recipe.model_dump(mode="json"):
        return False
    if retrain.recipe and adapter.inputs.base != ports.base_digest(retrain.recipe.base):
        return False
    data = adapter.outcome.data
    if retrain.pairs or kind_of(data) == PairsManifest.kind:
        return data == retrain.pairs
    examples = ports.store.find(data)
    if not isinstance(examples, ExamplesManifest):
        return False
    rows = list(carried.fact_rows(ports, data))
    withdrawn = {row["document"] for row in rows if row["role"] == Role.WITHDRAWN}
    learned = {row["id"]: row["says"] for row in rows if row["role"] != Role.WITHDRAWN}
    return withdrawn.issuperset(retrain.withdraw) and retrain.learns.items() <= learned.items()


def _taught_by(ports: Ports, version: VersionManifest, recipe: Recipe) -> bool:
    adapter = ports.store.find(version.outcome.adapter)
    return isinstance(adapter, AdapterManifest) and adapter.inputs.recipe == recipe.model_dump(mode="json")


def _lost(ports: Ports, version: VersionManifest) -> bool:
    """Return whether a version was held because knowledge or safety was lost, or was not shown to be kept."""
    decision = ports.store.find(version.outcome.decision)
    gates = decision.outcome.gates if isinstance(decision, DecisionManifest) else ()
    return any(gate.name.split()[0] in LOSSES and gate.outcome is not Outcome.PASS for gate in gates)


def _starts_alike(ports: Ports, version: VersionManifest, adapter: AdapterManifest, retrain: Retrain) -> bool:
    if retrain.start is None:
        return version.outcome.incumbent == retrain.incumbent
    return adapter_of(ports, adapter.inputs.start_from) == retrain.start
