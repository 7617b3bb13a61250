"""Which adapters and versions learned from which documents, computed from plain mappings of refs."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice, zip_longest
from typing import Any, NamedTuple

import numpy as np

from medpipe.core.teaching.example import Example
from medpipe.core.teaching.training_set import Corpus, Train


class Entry(NamedTuple):
    """One example that is traced to one document revision. Sorted as the index by document is."""

    id: str
    revision: int
    """0 where the example does not state it."""
    digest: str
    role: str
    """`taught`; `withdrawn` for examples that teach that a claim of the document was withdrawn, and `validation` for
    those that teach nothing."""
    row: int
    """The example's place in the training file, from 0, with replays included."""


def shares(entries: Iterable[Entry]) -> Iterator[dict[str, Any]]:
    """Yield which examples each document revision is in, as rows `{id, revision, digest, role, examples, rows}`.

    `entries`: sorted. `examples` is the number of `rows`.
    """
    for (id, revision, digest, role), group in groupby(entries, key=lambda entry: entry[:4]):
        rows = [entry.row for entry in group]
        yield {"id": id, "revision": revision, "digest": digest, "role": role, "examples": len(rows), "rows": rows}


def entries(
    examples: Iterable[tuple[int, Sequence[str], Sequence[int], Sequence[str], str]],
) -> list[Entry]:
    """Return the sorted entries of (place, document ids, revisions, digests, role) of a few examples."""
    return sorted(
        Entry(id, revision or 0, digest or "", role, place)
        for place, ids, revisions, digests, role in examples
        for id, revision, digest in zip_longest(ids, revisions, digests)
    )


def entries_of(examples: Iterable[tuple[int, Example]]) -> list[Entry]:
    """Return the sorted entries of a few examples with their places."""
    return entries(
        (place, example.document_ids, example.document_revisions, example.document_digests, example.role)
        for place, example in examples
    )


def entries_of_training(train: Train, corpus: Corpus) -> Iterator[Entry]:
    """Yield the sorted entries of a training set, without reading its examples."""
    places, documents = train.entries(corpus)
    order = np.lexsort((places, documents))
    numbers, counts = np.unique(documents, return_counts=True)
    rows, taught = iter(places[order].tolist()), train.taught
    of_facts = (
        Entry(origin.id, origin.revision, origin.digest, "taught" if row < taught else "validation", row)
        for origin, count in zip(corpus.origins.rows.chosen(numbers.tolist()), counts.tolist(), strict=True)
        for row in islice(rows, count)
    )
    return heapq.merge(of_facts, entries_of(train.others.items()))


def ancestry(
    adapter: str, adapters: Mapping[str, tuple[str, str]], adapter_of: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """Return the adapter and every adapter that its training continued from, newest first.

    `adapters`: adapter → (its data, its start: `base`, an adapter or a version). `adapter_of`: version → its
    adapter. The line ends at a start that `adapters` does not have, and before an adapter that is already in it.
    """
    line: list[str] = []
    while adapter in adapters and adapter not in line:
        line.append(adapter)
        start = adapters[adapter][1]
        adapter = (adapter_of or {}).get(start, start)
    return tuple(line)


def carrying(
    data: Collection[str], adapters: Mapping[str, tuple[str, str]], adapter_of: Mapping[str, str] | None = None
) -> frozenset[str]:
    """Return the adapters that learned from any of `data`, or whose training continued from one that did.

    `data`: ExamplesRefs or PairsRefs. `adapters` and `adapter_of` as in `ancestry`. An unknown start counts as
    having learned none of `data`, like `base`.
    """
    return frozenset(
        adapter
        for adapter in adapters
        if any(adapters[ancestor][0] in data for ancestor in ancestry(adapter, adapters, adapter_of))
    )


def untainted_ancestor(version: str, parents: Mapping[str, str], tainted: Collection[str]) -> str | None:
    """Return the newest of `version` and its ancestors that is not tainted; None when only the base is left.

    `parents`: version → its parent. A parent that is not itself a key, such as `base`, ends the line.
    """
    visited: set[str] = set()
    while version in parents and version not in visited:
        if version not in tainted:
            return version
        visited.add(version)
        version = parents[version]
    return None
