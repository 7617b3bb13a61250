"""Which adapters and versions learned from which documents, computed from plain mappings of refs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import repeat, zip_longest
from typing import Any

from medpipe.core.teaching.example import Example


def shares(examples: Iterable[Example]) -> list[dict[str, Any]]:
    """Return which examples each document revision is in, as rows `{id, revision, digest, role, examples, rows}`.

    Sorted by id, revision, digest and role. `role` is `taught`, or `withdrawn` for examples that teach that a claim of
    the document was withdrawn. `examples` is a count; `rows` are the examples' places in the training file, from 0,
    with replays included. A revision or digest that an example does not state is 0 or "".
    """
    examples = list(examples)
    documents = ((example.document_ids, example.document_revisions, example.document_digests) for example in examples)
    return shared(documents, (example.role for example in examples))


def shared(
    examples: Iterable[tuple[Sequence[str], Sequence[int], Sequence[str]]], roles: Iterable[str] = repeat("taught")
) -> list[dict[str, Any]]:
    """Return what `shares` returns, from the (ids, revisions, digests) of each example's documents and its role."""
    rows_of: defaultdict[tuple[str, int, str, str], list[int]] = defaultdict(list)
    for row, (documents, role) in enumerate(zip(examples, roles, strict=False)):
        for id, revision, digest in zip_longest(*documents):
            rows_of[id, revision or 0, digest or "", role].append(row)
    return [
        {"id": id, "revision": revision, "digest": digest, "role": role, "examples": len(rows), "rows": rows}
        for (id, revision, digest, role), rows in sorted(rows_of.items())
    ]


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
