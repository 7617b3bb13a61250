"""The number of documents of a version, recorded in each commit so that reading it does not take a count."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from medpipe.backends.delta.rows import AWAITED, Rows
from medpipe.core.corpus.document import Status
from medpipe.ports import Counts

TALLY = "medpipe.tally"
"""Key of the tally in a commit's metadata. What an earlier medpipe recorded as `medpipe.counts` lacks `awaited`: its
rows are counted."""


class Tally(NamedTuple):
    """Counts of a version.

    `youngest` is the number of current documents that were published on the cut-off date: when all of them go, the
    cut-off moves to an earlier date. `awaited` is the number of documents that have not come yet: they have rows, and
    no count has them.
    """

    counts: Counts
    youngest: int
    awaited: int

    @property
    def rows(self) -> int:
        """The number of rows that a version needs: one for each document, and for each that has not come yet."""
        return sum(self.counts.by_status.values()) + self.awaited

    @classmethod
    def parsed(cls, text: str) -> Tally:
        """Return the tally that `text` was written from."""
        recorded = json.loads(text)
        cut_off = recorded["cut_off"] and date.fromisoformat(recorded["cut_off"])
        return cls(Counts(recorded["by_status"], cut_off), recorded["youngest"], recorded["awaited"])

    def text(self) -> str:
        """Return the tally as JSON, for a commit's metadata."""
        return json.dumps(
            {
                "by_status": self.counts.by_status,
                "youngest": self.youngest,
                "awaited": self.awaited,
                "cut_off": self.counts.cut_off and self.counts.cut_off.isoformat(),
            }
        )

    @classmethod
    def counted(cls, rows: Rows, without: Sequence[str] = ()) -> Tally:
        """Count the rows of a version, except those of the documents with an id in `without`."""
        standing = rows.standing(("status", "published"))
        excluded = pc.is_in(standing.column("id"), value_set=pa.array(without, pa.string()))
        counted = standing.filter(pc.invert(excluded))
        return cls._of(counted)

    @classmethod
    def _of(cls, rows: pa.Table) -> Tally:
        statuses, published = (rows.column(name).to_pylist() for name in ("status", "published"))
        days = Counter(day for status, day in zip(statuses, published, strict=True) if status == Status.CURRENT)
        cut_off = max(days, default=None)
        by_status = Counter(statuses)
        awaited = by_status.pop(AWAITED, 0)
        return cls(Counts(dict(sorted(by_status.items())), cut_off), days[cut_off] if cut_off else 0, awaited)

    def after(self, known: pa.Table, changed: pa.Table, rows: Rows) -> Tally:
        """Return the tally after the rows `changed` replace those of their documents.

        `known`: the rows before, with the ids of `changed` at least. `rows`: the version before.
        """
        replaced = known.filter(pc.is_in(known.column("id"), value_set=changed.column("id")))
        removed, added = map(self._of, (replaced, changed))
        rest = self._less(removed)
        if rest is None:  # every document of the cut-off date goes: only the table has the next date
            rest = self.counted(rows, changed.column("id").to_pylist())
        return rest._plus(added)

    def _less(self, other: Tally) -> Tally | None:
        """Return the tally without `other`; None when the new cut-off cannot be known."""
        same = self.counts.cut_off == other.counts.cut_off
        if same and other.youngest and self.youngest == other.youngest:
            return None
        by_status = {
            status: count - other.counts.by_status.get(status, 0) for status, count in self.counts.by_status.items()
        }
        return Tally(
            Counts({status: count for status, count in by_status.items() if count}, self.counts.cut_off),
            self.youngest - (other.youngest if same else 0),
            self.awaited - other.awaited,
        )

    def _plus(self, other: Tally) -> Tally:
        days: Counter[date] = Counter()
        for tally in (self, other):
            if tally.counts.cut_off is not None:
                days[tally.counts.cut_off] += tally.youngest
        by_status = Counter(self.counts.by_status) + Counter(other.counts.by_status)
        cut_off = max(days, default=None)
        counts = Counts(dict(sorted(by_status.items())), cut_off)
        return Tally(counts, days[cut_off] if cut_off else 0, self.awaited + other.awaited)
