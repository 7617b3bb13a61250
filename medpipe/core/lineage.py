"""Which adapters and versions carry which documents. Pure, over plain mappings of refs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from medpipe.core.example import Example


def shares(examples: Iterable[Example]) -> list[dict[str, Any]]:
    """One row `{id, digest, examples}` for each document revision that was taught, by id, replays included."""
    counts: Counter[tuple[str, str]] = Counter()
    for example in examples:
        digests = example.document_digests or ("",) * len(example.document_ids)
        counts.update(zip(example.document_ids, digests, strict=True))
    return [{"id": id, "digest": digest, "examples": count} for (id, digest), count in sorted(counts.items())]


def carrying(data: Collection[str], adapters: Mapping[str, tuple[str, str]],
             adapter_of: Mapping[str, str] | None = None) -> frozenset[str]:
    """The adapters that learned from any of `data` (ExamplesRefs or PairsRefs), or went on from one that did.

    `adapters` maps an adapter to (its data, what it started from: `base`, an adapter or a version);
    `adapter_of` maps versions to their adapters. An unknown start counts as clean, like `base`.
    """
    versions = adapter_of or {}

    def carries(adapter: str, path: frozenset[str]) -> bool:
        if adapter not in adapters or adapter in path:
            return False
        taught, start = adapters[adapter]
        return taught in data or carries(versions.get(start, start), path | {adapter})

    return frozenset(adapter for adapter in adapters if carries(adapter, frozenset()))


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
