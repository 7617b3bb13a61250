"""Which examples, adapters and versions carry a document: trace."""

from __future__ import annotations

from medpipe import records
from medpipe.core import lineage
from medpipe.core.refs import TraceRef
from medpipe.ports import Draft, Ports
from medpipe.steps.artifact import once


def trace(documents: tuple[str, ...], *, ports: Ports) -> TraceRef:
    """Which examples, adapters and versions carry these documents, directly or through what they started from."""
    examples_of = {found.ref: frozenset(row["id"] for row in records.read_rows(
        ports.store.folder(found.ref) / "documents.jsonl")) for found in ports.store.manifests("examples")}
    adapters = {found.ref: found for found in ports.store.manifests("adapter")}
    versions = {found.ref: found for found in ports.store.manifests("version")}
    inputs = {"documents": sorted(documents), "examples": sorted(examples_of), "adapters": sorted(adapters),
              "versions": sorted(versions)}

    def fill(draft: Draft) -> None:
        wanted = frozenset(documents)
        carrying = {name for name, ids in examples_of.items() if ids & wanted}
        tainted = lineage.carrying(
            carrying, {name: (found.facts["data"], found.facts["start_from"]) for name, found in adapters.items()})
        draft.facts.update(documents=sorted(wanted), examples=sorted(carrying), adapters=sorted(tainted),
                           versions=sorted(name for name, found in versions.items()
                                           if found.facts["adapter"] in tainted))

    return TraceRef(once(ports, "trace", "trace", inputs, fill))
