"""The history of decisions, and the champion."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol


class Entry(NamedTuple):
    """One entry of the ledger: an event, its version and its reasons. Entries are never changed or removed."""

    sequence: int
    at: datetime
    event: str
    """`compared`, `registered`, `promoted`, `held`, `deployed`, `restored`, `rolled-back`, `barred`, `unbarred`,
    `hotfix-approved` or `hotfix-rejected`; `erased` for an artifact in which a person's texts were erased; `swept` for
    a sweep, which names what `gc` removed."""
    version: str
    """A version; for `compared` a challenger's evaluation, for `erased` and `swept` the artifact."""
    decision: str
    """The ref of a decision, the kind of objection that held the version, or the document of a hotfix."""
    reasons: tuple[str, ...]
    evidence: str = ""
    """Content digest of the manifest that the entry is about (`Manifest.content`); empty where it is about none."""
    by: str = ""
    """Who decided: a person, or `medpipe` for what a run undid. Empty for what follows from a decision by gates, and in
    entries of releases that did not keep it."""


class Ledger(Protocol):
    """The append-only history of events, and the champion as a compare-and-swap cell."""

    def champion(self) -> str | None:
        """Return the champion's VersionRef; None before the first promotion."""

    def swap_champion(
        self,
        expected: str | None,
        new: str,
        decision: str,
        reasons: Sequence[str],
        event: str = "promoted",
        bar: str = "",
        by: str = "",
    ) -> bool:
        """Make `new` the champion and append an entry.

        `bar`: why `expected` is barred in the same transaction; empty: it is not. `by`: see `Entry`. Returns False,
        without any change, when `expected` is not the champion or `new` is barred.
        """

    def append(
        self,
        event: str,
        version: str,
        decision: str,
        reasons: Sequence[str],
        key: str = "",
        evidence: str = "",
        by: str = "",
    ) -> None:
        """Append an entry, exactly once where there is a `key`: with the key of an earlier entry, nothing is changed.

        `key`: names the effect, such as `registered version/…`. `evidence` and `by`: see `Entry`.
        """

    def bar(self, version: str, reason: str, by: str) -> bool:
        """Forbid `version` to become champion. Does nothing when it is barred; returns False for the champion."""

    def unbar(self, version: str, reason: str, by: str) -> None:
        """Lift the bar of `version`. Does nothing when it is not barred."""

    def barred(self) -> Mapping[str, Entry]:
        """Return each barred version with the entry that barred it."""

    def entries(
        self, limit: int | None = 100, events: Collection[str] = (), versions: Collection[str] = ()
    ) -> list[Entry]:
        """Return the last `limit` entries (None: all), newest first.

        `events`, `versions`: only entries of these (see `Entry`); empty: of all.
        """

    def history(self) -> Iterator[Entry]:
        """Yield every entry, oldest first."""

    def faults(self) -> Iterator[str]:
        """Yield what is wrong with the chain of entries: each change, loss, insertion or move, in a sentence."""
