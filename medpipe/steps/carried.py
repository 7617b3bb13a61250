"""What a model carries, read from the indexes beside the data of its whole line of trainings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from medpipe import record_index, records
from medpipe.core.knowledge import carried, lineage
from medpipe.core.knowledge.carried import Carried, KnownFact, Role
from medpipe.core.manifests import AdapterManifest
from medpipe.core.refs import BASE
from medpipe.ports import Ports
from medpipe.steps.artifact import manifest
from medpipe.steps.models import adapter_of

DOCUMENTS = "documents.jsonl"
"""Beside the examples, sorted by id: which rows of `train.jsonl` each document revision is in (`lineage.shares`)."""
FACTS = "facts.jsonl"
"""Beside the examples, sorted by id: what the training did with each fact that its start did not know
(`carried.fact_rows`)."""
TRAINING = "train.jsonl"

_FEW = 500
"""Up to so many documents are looked up one by one; for more, the whole index is read."""

Row = dict[str, Any]


def line_of(ports: Ports, model: str) -> tuple[AdapterManifest, ...]:
    """Return the adapter of a model and every adapter that its training continued, newest first; none for the base."""
    line: list[AdapterManifest] = []
    adapter = adapter_of(ports, model)
    while adapter != BASE and adapter not in {earlier.ref for earlier in line}:
        line.append(manifest(ports, adapter, AdapterManifest))
        adapter = adapter_of(ports, line[-1].outcome.start_from)
    return tuple(line)


def documents(ports: Ports, model: str) -> Iterator[Carried]:
    """Yield every revision of a document that a model learned from, pairs included, in ascending order.

    `model`: `base`, an adapter or a version. Texts are not loaded, and memory does not grow with the examples.
    """
    return carried.documents(document_rows(ports, adapter.outcome.data) for adapter in line_of(ports, model))


def taught_digests(ports: Ports, model: str) -> dict[str, str]:
    """Return document id → digest of the newest revision that a model was taught."""
    return carried.newest(documents(ports, model))


def roles(ports: Ports, model: str, of: Collection[str]) -> dict[str, tuple[Role, ...]]:
    """Return document id → its roles in the trainings of a model's line, newest first, of some documents.

    Raises UsageError for a ref that is no model, and NotFound when an adapter of the line is gone: nobody knows what
    it carries.
    """
    if not of:
        return {}
    return carried.roles(rows_about(ports, adapter.outcome.data, of) for adapter in line_of(ports, model))


def still_asserted(ports: Ports, model: str, of: Collection[str]) -> dict[str, bool]:
    """Return which of some documents a model was taught, and whether no later training withdrew them."""
    return carried.still_asserted(roles(ports, model, of))


def facts(ports: Ports, model: str) -> dict[str, KnownFact]:
    """Return every fact that a training of a model's line considered, as the newest training left it."""
    return carried.facts(fact_rows(ports, adapter.outcome.data) for adapter in line_of(ports, model))


def known_facts(ports: Ports, model: str | None) -> dict[str, str] | None:
    """Return fact id → what it says, for the facts that a model was taught; None for no model and for the base."""
    return None if model in (None, BASE) else carried.taught(facts(ports, str(model)))


def document_rows(ports: Ports, data: str) -> Iterable[Row]:
    """Return the index of training data by document, in its order. Preference pairs have no file: it is computed."""
    folder = ports.store.remains(data)
    if (folder / DOCUMENTS).exists():
        return records.read_rows(folder / DOCUMENTS)
    return shares(records.read_rows(folder / TRAINING))


def rows_about(ports: Ports, data: str, documents: Collection[str]) -> Iterator[Row]:
    """Yield the rows of the index of training data about some documents, sorted. Few are looked up one by one."""
    index = ports.store.remains(data) / DOCUMENTS
    if index.exists() and len(documents) <= _FEW:
        yield from (row for id in sorted(documents) for row in record_index.lookup(index, id))
    else:
        wanted = frozenset(documents)
        yield from (row for row in document_rows(ports, data) if row["id"] in wanted)


def fact_rows(ports: Ports, data: str) -> Iterable[Row]:
    """Return the index of training data by fact; empty for preference pairs, which teach no facts."""
    path = ports.store.remains(data) / FACTS
    return records.read_rows(path) if path.exists() else ()


def shares(rows: Iterable[Row]) -> Iterator[Row]:
    """Compute the index by document from a few training rows: preference pairs have no index."""
    return lineage.shares(
        lineage.entries(
            (
                place,
                row.get("document_ids", ()),
                row.get("document_revisions", ()),
                row.get("document_digests", ()),
                row.get("role") or Role.TAUGHT,
            )
            for place, row in enumerate(rows)
        )
    )
