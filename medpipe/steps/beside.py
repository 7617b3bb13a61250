"""What `gc` removes outside the store: MLflow's copies of weights that went, and old versions of the corpus table."""

from __future__ import annotations

from typing import NamedTuple

from medpipe.core.manifests import AdapterManifest, CorpusManifest
from medpipe.core.refs import kind_of
from medpipe.core.retention import Retention
from medpipe.ports import Ports, Pruned, WeightsCopy
from medpipe.steps.artifact import manifest
from medpipe.steps.retention import Inventory


class Beside(NamedTuple):
    """What nothing needs outside the store."""

    copies: tuple[WeightsCopy, ...]
    table: Pruned

    def sizes(self) -> list[tuple[str, int, int]]:
        """Return kind, number and bytes of what there is."""
        copies = ("copies", len(self.copies), sum(copy.bytes for copy in self.copies))
        return [each for each in (copies, ("table", self.table.files, self.table.bytes)) if each[1]]


def beside(ports: Ports, inventory: Inventory, decided: Retention, apply: bool) -> Beside:
    """Return what nothing needs, after its removal with `apply`.

    A copy goes with the weights, when the manifest of its adapter is all that is left of them: the registry of another
    home has adapters that this one does not know.
    """
    stripped = [ref for ref in decided.stripped if kind_of(ref) == AdapterManifest.kind]
    copies = tuple(ports.registry.copies(stripped))
    for number, copy in enumerate(copies if apply else ()):
        ports.progress(number / len(copies), f"removing MLflow's copy of {copy.adapter}")
        ports.registry.remove_copy(copy)
    return Beside(copies, ports.corpus.prune(_versions(ports, inventory.readable(decided)), apply))


def _versions(ports: Ports, corpora: frozenset[str]) -> frozenset[int]:
    """Return the versions of the table that hold some corpora."""
    outcomes = (manifest(ports, corpus, CorpusManifest).outcome for corpus in corpora)
    held = (ports.corpus.holding(outcome.content, outcome.table_version) for outcome in outcomes)
    return frozenset(version for version in held if version is not None)
