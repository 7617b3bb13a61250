"""What the start of a training was taught about some documents, along its whole line of adapters."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from medpipe import record_index, records
from medpipe.core.manifests import AdapterManifest
from medpipe.core.refs import BASE
from medpipe.ports import Ports
from medpipe.steps.artifact import manifest
from medpipe.steps.carried import DOCUMENTS, TRAINING
from medpipe.steps.models import adapter_of

Roles = dict[str, tuple[str, ...]]
"""Document id → its roles (`core.teaching.example.Example.role`) in the trainings of a line, the newest first."""


def roles(ports: Ports, start: str, documents: Collection[str]) -> Roles:
    """Return the roles of those of the documents that the start (`base`, an adapter or a version) was taught.

    Raises UsageError for another ref, and NotFound when an adapter of the line is gone: nobody knows what it carries.
    """
    mentions: dict[str, list[str]] = {}
    for data in _line(ports, start) if documents else ():
        for id, role in _mentions(ports, data, documents):
            mentions.setdefault(id, []).append(role)
    return {id: tuple(named) for id, named in mentions.items()}


def _line(ports: Ports, start: str) -> Iterator[str]:
    """Yield the refs of what the start and its ancestors were trained on, the newest first."""
    adapter = adapter_of(ports, start)
    while adapter != BASE:
        trained = manifest(ports, adapter, AdapterManifest).outcome
        yield trained.data
        adapter = adapter_of(ports, trained.start_from)


def _mentions(ports: Ports, data: str, documents: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield (document, role) for each mention in some examples, or in some pairs, which have no index."""
    folder = ports.store.folder(data)
    if (folder / DOCUMENTS).exists():
        rows = (row for id in sorted(documents) for row in record_index.lookup(folder / DOCUMENTS, id))
        yield from ((row["id"], row["role"]) for row in rows)
        return
    for row in records.read_rows(folder / TRAINING):
        yield from ((id, "taught") for id in row.get("document_ids", ()) if id in documents)
