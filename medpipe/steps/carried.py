"""What a model carries, read from the indexes beside the data of its whole line of trainings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from medpipe import record_index, records
from medpipe.core.knowledge import carried, lineage
from medpipe.core.knowledge.carried import Carried, KnownFact
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


def still_asserted(ports: Ports, model: str, of: Collection[str]) -> dict[str, bool]:
    """Return which of some documents a model was taught, and whether no later training withdrew them."""
    return carried.still_asserted(
        [row for id in sorted(of) for row in rows_about(ports, adapter.outcome.data, id)]
        for adapter in line_of(ports, model)
    )


def facts(ports: Ports, model: str) -> dict[str, KnownFact]:
    """Return every fact that a training of a model's line considered, as the newest training left it."""
    return carried.facts(fact_rows(ports, adapter.outcome.data) for adapter in line_of(ports, model))


def known_facts(ports: Ports, model: str | None) -> dict[str, str] | None:
    """Return fact id → what it says, for the facts that a model was taught; None for no model and for the base."""
    return None if model in (None, BASE) else carried.taught(facts(ports, str(model)))


def document_rows(ports: Ports, data: str) -> Iterable[Row]:
    """Return the index of training data by document, in its order. Preference pairs have no file: it is computed."""
    folder = ports.store.folder(data)
    if (folder / DOCUMENTS).exists():
        return records.read_rows(folder / DOCUMENTS)
    return shares(records.read_rows(folder / TRAINING))


def rows_about(ports: Ports, data: str, document: str) -> Iterable[Row]:
    """Return the rows of the index of training data about one document."""
    folder = ports.store.folder(data)
    if (folder / DOCUMENTS).exists():
        return record_index.lookup(folder / DOCUMENTS, document)
    return (row for row in shares(records.read_rows(folder / TRAINING)) if row["id"] == document)


def fact_rows(ports: Ports, data: str) -> Iterable[Row]:
    """Return the index of training data by fact; empty for preference pairs, which teach no facts."""
    path = ports.store.folder(data) / FACTS
    return records.read_rows(path) if path.exists() else ()


def shares(rows: Iterable[Row]) -> list[Row]:
    """Compute the index by document from training rows. Only preference pairs need it, and they are few."""
    return lineage.shared(
        (row.get("document_ids", ()), row.get("document_revisions", ()), row.get("document_digests", ()))
        for row in rows
    )
