"""What sweeps removed: how `verify` tells it from what was lost."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from medpipe import records
from medpipe.core.manifests import SweepManifest, SweptRow
from medpipe.core.refs import kind_of
from medpipe.ports import Entry, Ports

EVENT = "swept"
"""The event of the ledger that names a sweep. Evidence: the content of its manifest."""
ROWS = "sweep.jsonl"
"""In the folder of a sweep: a `SweptRow` a line."""

OTHERWISE = "{} was made again after `gc` and differs: what was made of the earlier one says nothing about it"
"""Remark of `verify` about an artifact."""


class Sweeps:
    """The sweeps that the ledger has. `contents`: ref → content of each artifact that is whole, as `verify` read it."""

    def __init__(self, ports: Ports, history: Iterable[Entry], contents: Mapping[str, str]) -> None:
        self._registered = {entry.version: entry.evidence for entry in history if entry.event == EVENT}
        self._contents = contents
        self._files: dict[tuple[str, str], frozenset[str]] = {}
        self._removed: set[tuple[str, str]] = set()
        for sweep in (sweep for sweep, evidence in self._registered.items() if contents.get(sweep) == evidence):
            for row in records.read(ports.store.folder(sweep) / ROWS, SweptRow):
                gone = self._files.get((row.ref, row.content), frozenset())
                self._files[row.ref, row.content] = gone.union(row.files)
                if row.removed:
                    self._removed.add((row.ref, row.content))

    def removed(self, ref: str, content: str) -> bool:
        """Return whether an artifact with this content was removed whole, its manifest too."""
        return (ref, content) in self._removed

    def made_again(self, made_of: Mapping[str, Mapping[str, str]]) -> frozenset[str]:
        """Return each artifact that differs from the one that another was made of, because that one was swept.

        `made_of`: ref → ref and content of each artifact that it was made of.
        """
        upstream = {each for named in made_of.values() for each in named.items()}
        return frozenset(ref for ref, content in upstream & self._files.keys() if self._contents.get(ref) != content)

    def faults(self, missing: Mapping[str, Collection[str]], broken: Collection[str]) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the sweeps, and each artifact that lacks files that none of them names.

        `missing`: ref → its files that are gone. `broken`: artifacts that `verify` has named already.
        """
        for sweep, evidence in self._registered.items():
            if sweep not in broken and self._contents.get(sweep) != evidence:
                yield sweep, "is in the ledger, and not as it was written, or missing: put back a copy"
        for ref in self._contents:
            if kind_of(ref) == SweepManifest.kind and ref not in self._registered:
                yield ref, "is not in the ledger: nothing may be missing that it names. `medpipe gc --apply` removes it"
        for ref, files in missing.items():
            if not self._files.get((ref, self._contents[ref]), frozenset()).issuperset(files):
                yield ref, "lacks files, and no sweep in the ledger names them: put back a copy"
