"""Where a training goes back to: the newest version that never learned some documents, or what was erased."""

from __future__ import annotations

from collections.abc import Sequence

from medpipe import records
from medpipe.core.knowledge import lineage
from medpipe.core.manifests import PairsManifest, VersionManifest
from medpipe.core.refs import BASE, kind_of
from medpipe.core.teaching.feedback import ERASED
from medpipe.ports import Ports
from medpipe.steps import carried
from medpipe.steps.tracing import versions_carrying


def untainted(ports: Ports, champion: str, documents: Sequence[str], erased: Sequence[str]) -> str:
    """Return the newest version in the champion's ancestry that learned none of the documents or pairs, else the base.

    `erased`: pairs of which something was erased.
    """
    tainted = {*versions_carrying(documents, ports=ports), *versions_carrying(erased, ports=ports)}
    parents = {version.ref: version.outcome.parent for version in ports.store.manifests(VersionManifest)}
    return lineage.untainted_ancestor(champion, parents, tainted) or BASE


def learned_and_erased(ports: Ports, model: str) -> tuple[int, int]:
    """Return how many preference pairs a model's line of trainings learned, and how many of them were erased since."""
    learned, erased = set[str](), set[str]()
    for data in (adapter.outcome.data for adapter in carried.line_of(ports, model)):
        if kind_of(data) == PairsManifest.kind:
            for row in records.read_rows(ports.store.folder(data) / carried.TRAINING):
                learned.add(row["answer_id"])
                erased.update([row["answer_id"]] if row["identity"] == ERASED else [])
    return len(learned), len(erased)
