"""Which adapters and versions carry which documents. Pure, over plain mappings of refs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from medpipe.core.teaching.example import Example


def shares(examples: Iterable[Example]) -> list[dict[str, Any]]:
    """Which examples each document revision is in: a row `{id, revision, digest, examples, rows}` each, by id.

    `examples` counts, `rows` names them by their places in the training file, from 0; replays are included.
    A revision or digest that an example does not know is 0 or "".
    """
    return shared((one.document_ids, one.document_revisions, one.document_digests) for one in examples)


def shared(examples: Iterable[tuple[Sequence[str], Sequence[int], Sequence[str]]]) -> list[dict[str, Any]]:
    """As `shares`, from the (ids, revisions, digests) of each example's documents."""
    places: defaultdict[tuple[str, int, str], list[int]] = defaultdict(list)
    for row, named in enumerate(examples):
        for id, revision, digest in zip_longest(*named):
            places[id, revision or 0, digest or ""].append(row)
    return [
        {"id": id, "revision": revision, "digest": digest, "examples": len(rows), "rows": rows}
        for (id, revision, digest), rows in sorted(places.items())
    ]


def ancestry(
    adapter: str, adapters: Mapping[str, tuple[str, str]], adapter_of: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """The adapter and all that it went on from, newest first; `adapters` and `adapter_of` as in `carrying`."""
    line: list[str] = []
    while adapter in adapters and adapter not in line:
        line.append(adapter)
        start = adapters[adapter][1]
        adapter = (adapter_of or {}).get(start, start)
    return tuple(line)


def carrying(
    data: Collection[str], adapters: Mapping[str, tuple[str, str]], adapter_of: Mapping[str, str] | None = None
) -> frozenset[str]:
    """The adapters that learned from any of `data` (ExamplesRefs or PairsRefs), or went on from one that did.

    `adapters` maps an adapter to (its data, what it started from: `base`, an adapter or a version);
    `adapter_of` maps versions to their adapters. An unknown start counts as clean, like `base`.
    """
    return frozenset(
        adapter
        for adapter in adapters
        if any(adapters[one][0] in data for one in ancestry(adapter, adapters, adapter_of))
    )


def untainted_ancestor(version: str, parents: Mapping[str, str], tainted: Collection[str]) -> str | None:
    """The newest of `version` and its ancestors that is not tainted; None when only the base is left.

    `parents` maps each version to its parent; one that is not a key of `parents` (as `base`) ends the line.
    """
    seen: set[str] = set()
    while version in parents and version not in seen:
        if version not in tainted:
            return version
        seen.add(version)
        version = parents[version]
    return None
