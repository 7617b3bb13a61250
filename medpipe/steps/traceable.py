"""What can carry documents: examples, pairs, adapters, versions and prepared copies, and what came of which."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from medpipe.core.knowledge import lineage
from medpipe.core.manifests import AdapterManifest, ExamplesManifest, PairsManifest, PreparedManifest, VersionManifest
from medpipe.core.refs import BASE, kind_of
from medpipe.errors import NotFound, UsageError
from medpipe.ports import Ports

DATA = ("examples", "pairs")
KINDS = (*DATA, "adapter", "version", "prepared")
"""The kinds from which a trace starts."""


@dataclass(frozen=True)
class Traceable:
    """Every artifact that can carry documents."""

    examples: tuple[str, ...]
    pairs: tuple[str, ...]
    adapters: Mapping[str, tuple[str, str]]
    """Adapter → its data, and what its training started from."""
    adapter_of: Mapping[str, str]
    """Version, or prepared base with an adapter in it → that adapter."""
    versions: tuple[str, ...]
    prepared: tuple[str, ...]

    @classmethod
    def of(cls, ports: Ports) -> Traceable:
        """Read the manifests of a store."""
        versions = {version.ref: version.outcome.adapter for version in ports.store.manifests(VersionManifest)}
        prepared = {base.ref: base for base in ports.store.manifests(PreparedManifest)}
        copies = {ref: adapter for ref in prepared if (adapter := _merged(ref, prepared)) != BASE}
        return cls(
            examples=tuple(examples.ref for examples in ports.store.manifests(ExamplesManifest)),
            pairs=tuple(pairs.ref for pairs in ports.store.manifests(PairsManifest)),
            adapters={
                adapter.ref: (adapter.outcome.data, adapter.outcome.start_from)
                for adapter in ports.store.manifests(AdapterManifest)
            },
            adapter_of=versions | copies,
            versions=tuple(versions),
            prepared=tuple(prepared),
        )

    @cached_property
    def refs(self) -> dict[str, tuple[str, ...]]:
        """Kind → every ref, sorted."""
        by_kind = (self.examples, self.pairs, self.adapters, self.versions, self.prepared)
        return {kind: tuple(sorted(refs)) for kind, refs in zip(KINDS, by_kind, strict=True)}

    def ref_in(self, name: str) -> str:
        """Return the ref in `ref` or `ref#row`. Raises UsageError, and NotFound when there is no such artifact."""
        ref, row, _ = name.partition("#")
        kind = kind_of(ref)
        if row and kind not in DATA:
            raise UsageError(f"{name}: only examples and pairs have rows")
        if ref not in self.refs[kind]:
            raise NotFound(f"{ref} does not exist or was never finished")
        return ref

    def versions_of(self, adapters: Iterable[str]) -> tuple[str, ...]:
        """Return the versions of these adapters, sorted."""
        return self._with_any_of(adapters, self.versions)

    def copies_of(self, adapters: Iterable[str]) -> tuple[str, ...]:
        """Return the prepared bases into which any of these adapters was merged, sorted."""
        return self._with_any_of(adapters, self.prepared)

    def _with_any_of(self, adapters: Iterable[str], refs: Iterable[str]) -> tuple[str, ...]:
        carried = frozenset(adapters)
        return tuple(sorted(ref for ref in refs if self.adapter_of.get(ref) in carried))

    def learned_from(self, refs: Collection[str]) -> frozenset[str]:
        """Return the adapters that learned from any of some data, or are or continued any of some models."""
        models = {self.adapter_of.get(ref, ref) for ref in refs}
        continued = (adapter for adapter in self.adapters if models & set(self.line_of(adapter)))
        return lineage.carrying(refs, self.adapters, self.adapter_of).union(continued)

    def line_of(self, ref: str) -> tuple[str, ...]:
        """Return the adapter of a model, and every adapter that it continued, newest first.

        `ref`: an adapter, a version or a prepared base; one without an adapter in it has none.
        """
        return lineage.ancestry(self.adapter_of.get(ref, ref), self.adapters, self.adapter_of)


def _merged(base: str, prepared: Mapping[str, PreparedManifest]) -> str:
    """Return the adapter that is in a prepared base, or in the one that it was rounded from; `base` for none."""
    while base in prepared:
        inputs = prepared[base].inputs
        if inputs.adapter != BASE:
            return inputs.adapter
        base = inputs.base
    return BASE
