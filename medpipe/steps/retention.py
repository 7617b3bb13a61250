"""What every artifact needs, and which are needed whatever their age: the grounds on which `gc` decides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import pairwise

from medpipe.core.judging.gates import Outcome
from medpipe.core.knowledge import succession
from medpipe.core.knowledge.withdrawals import WithdrawalEvent
from medpipe.core.manifests import (
    MANIFESTS,
    CorpusManifest,
    DecisionManifest,
    DriftManifest,
    EstimateManifest,
    FeedbackManifest,
    Manifest,
    MeasurementManifest,
    PreparedManifest,
    SheetManifest,
    TraceManifest,
    ValidationManifest,
    VersionManifest,
)
from medpipe.core.refs import is_ref, kind_of
from medpipe.core.retention import Retention, Stored, retention
from medpipe.ports import Ports
from medpipe.steps import workspaces
from medpipe.steps.made import Made, passed_adapters
from medpipe.steps.withdrawals import register

_READINGS = (DriftManifest, EstimateManifest, MeasurementManifest, SheetManifest, TraceManifest, ValidationManifest)
"""They say what was seen in other artifacts, and hold it. Nothing of those is kept for their sake."""

_LOOKED_UP = frozenset({"corpus", "pairs", "feedback", "drift"})
"""Kinds of which the next run, or the model board, looks the newest one up."""


class Inventory:
    """Every manifest. Those that were read are not read again: a manifest never changes."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self.manifests: dict[str, Manifest] = {}
        self._stored: dict[str, Stored] = {}

    def retained(self, at: datetime) -> Retention:
        """Return what the policy keeps at a time, of all that is stored now. Raises Damaged: then nothing may go."""
        present = {ref for kind in MANIFESTS.values() for ref in self._ports.store.refs(kind)}
        for ref in self.manifests.keys() - present:
            del self.manifests[ref], self._stored[ref]
        view = self._ports.store.view()
        for ref in present - self.manifests.keys():
            if found := view.find(ref):
                self.manifests[ref] = found
                last_made = datetime.fromtimestamp(max(found.created_ns, found.made_again_ns) / 1e9, UTC)
                days = (at - last_made).total_seconds() / 86_400
                self._stored[ref] = Stored(ref, days, _needs(found), _names(found))
        validations: dict[str, set[str]] = defaultdict(set)
        for each in self.manifests.values():
            if isinstance(each, ValidationManifest):
                validations[each.inputs.data].add(each.ref)
        stored = self._stored | self._aged()
        stored |= {
            ref: stored[ref]._replace(needs=stored[ref].needs | of) for ref, of in validations.items() if ref in stored
        }
        return retention(stored, _roots(self._ports, self.manifests), self._ports.retention_policy)

    def readable(self, retention: Retention) -> frozenset[str]:
        """Return the corpora whose version of the table stays: those that something else needs, and young ones.

        A corpus needs the one before it for its lineage, not for its texts: the table's later version has them. A
        withdrawal in force needs the corpus that says why.
        """
        corpora = frozenset(ref for ref in self._stored if kind_of(ref) == CorpusManifest.kind)
        needed = (self._stored[ref].needs for ref in retention.whole if ref not in corpora)
        superseded, days = self._aged(), self._ports.retention_policy.table
        young = (ref for ref in corpora if ref not in superseded or superseded[ref].days < days)
        in_force = (withdrawal for withdrawal in register(self._ports) if withdrawal.in_force)
        return corpora & frozenset().union(*needed, young, *(_evidence(withdrawal.events) for withdrawal in in_force))

    def _aged(self) -> dict[str, Stored]:
        """Return what is looked up, each as old as the next of its kind: until that was made, a run could take it."""
        of_kind: dict[str, list[Manifest]] = defaultdict(list)
        for manifest in sorted(self.manifests.values(), key=lambda each: (each.created_ns, each.ref)):
            of_kind[kind_of(manifest.ref)].append(manifest)
        return {
            one.ref: self._stored[one.ref]._replace(days=min(self._stored[one.ref].days, self._stored[after.ref].days))
            for kind in _LOOKED_UP
            for one, after in pairwise(of_kind[kind])
        }


def _needs(manifest: Manifest) -> frozenset[str]:
    """Return what must be whole for an artifact to be of use.

    Answers need their weights: weights that are made again may be others, and then the answers are not theirs. Pairs
    are a copy of the feedback.
    """
    return frozenset(name for name in _names(manifest) if kind_of(name) != FeedbackManifest.kind)


def _names(manifest: Manifest) -> frozenset[str]:
    return frozenset() if isinstance(manifest, _READINGS) else frozenset(manifest.named())


def _evidence(events: Iterable[WithdrawalEvent]) -> frozenset[str]:
    """Return what entries of the register rest on. When a person lifts, that is several names."""
    return frozenset(name for event in events for name in event.evidence.split())


def _roots(ports: Ports, manifests: dict[str, Manifest]) -> dict[str, str]:
    """Return each ref that is needed whatever its age → why."""
    roots: dict[str, str] = {}
    newest: dict[str, Manifest] = {}
    for ref, each in manifests.items():
        kind = kind_of(ref)
        if kind in _LOOKED_UP and each.created_ns >= newest.setdefault(kind, each).created_ns:
            newest[kind] = each
        if isinstance(each, DecisionManifest | VersionManifest) and each.outcome.outcome is Outcome.PASS:
            roots[ref] = "passed its gates"
    prepared = {ref: each for ref, each in manifests.items() if isinstance(each, PreparedManifest)}
    made = Made.of(manifests.values())
    passed = passed_adapters(made.evaluations.values(), made.decisions)
    for ref, evaluation in made.evaluations.items():
        if evaluation.outcome.model in passed:  # the anchor compares with any of the same questions
            roots[ref] = "a version that passed its gates was asked"
    roots |= {each.ref: "the newest of its kind" for each in newest.values()}
    for training in workspaces.unfinished(ports):
        bases = (ref for ref, base in prepared.items() if base.outcome.digest == training.base)
        needs = (training.data, training.start_from, *training.released, *bases)
        roots |= dict.fromkeys(needs, "an unfinished training")
    roots |= dict.fromkeys(_evidence(ports.withdrawals.events()), "the register of withdrawals")
    roots |= {entry.version: "was champion" for entry in ports.ledger.entries(None, succession.CHANGES)}
    if (published := ports.published_indexes.current()) and published.ref:
        roots[published.ref] = "the published index"
    if champion := ports.ledger.champion():
        roots[champion] = "the champion"
    return {ref: why for ref, why in roots.items() if is_ref(ref)}
