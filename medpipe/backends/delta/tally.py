"""How many documents a version of the corpus has, kept with each commit so that nobody need count them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from medpipe.backends.delta.rows import Rows
from medpipe.core.corpus.document import Document, Status
from medpipe.ports import Counts

TALLY = "medpipe.counts"
"""The key of a commit's metadata."""


class Tally(NamedTuple):
    """Counts, and how many current documents were published on the youngest date: it ages when those go."""

    counts: Counts
    youngest: int

    @classmethod
    def parsed(cls, text: str) -> Tally:
        found = json.loads(text)
        cut_off = found["cut_off"] and date.fromisoformat(found["cut_off"])
        return cls(Counts(found["by_status"], cut_off), found["youngest"])

    def text(self) -> str:
        return json.dumps(
            {
                "by_status": self.counts.by_status,
                "youngest": self.youngest,
                "cut_off": self.counts.cut_off and self.counts.cut_off.isoformat(),
            }
        )

    @classmethod
    def counted(cls, rows: Rows, without: Sequence[str] = ()) -> Tally:
        """From all rows of a version, but for some documents."""
        found = rows.standing(("status", "published"))
        found = found.filter(pc.invert(pc.is_in(found.column("id"), value_set=pa.array(without, pa.string()))))
        return cls._of(found.column("status").to_pylist(), found.column("published").to_pylist())

    @classmethod
    def _of(cls, statuses: Sequence[str], published: Sequence[date]) -> Tally:
        days = Counter(day for status, day in zip(statuses, published, strict=True) if status == Status.CURRENT)
        cut_off = max(days, default=None)
        return cls(Counts(dict(sorted(Counter(statuses).items())), cut_off), days[cut_off] if cut_off else 0)

    def after(self, known: pa.Table, changed: Sequence[Document], rows: Rows) -> Tally:
        """When `changed` stand in the place of those of `known` that have their ids."""
        ids = [document.id for document in changed]
        gone = known.filter(pc.is_in(known.column("id"), value_set=pa.array(ids, pa.string())))
        new = self._of([str(one.status) for one in changed], [one.published for one in changed])
        old = self._of(*(gone.column(name).to_pylist() for name in ("status", "published")))
        rest = self._less(old)
        if rest is None:  # everything of the youngest date goes: only the table knows which is the next
            rest = self.counted(rows, ids)
        return rest._plus(new)

    def _less(self, other: Tally) -> Tally | None:
        same = self.counts.cut_off == other.counts.cut_off
        if same and other.youngest and self.youngest == other.youngest:
            return None
        by_status = {
            status: count - other.counts.by_status.get(status, 0) for status, count in self.counts.by_status.items()
        }
        return Tally(
            Counts({status: count for status, count in by_status.items() if count}, self.counts.cut_off),
            self.youngest - (other.youngest if same else 0),
        )

    def _plus(self, other: Tally) -> Tally:
        days: Counter[date] = Counter()
        for one in (self, other):
            if one.counts.cut_off is not None:
                days[one.counts.cut_off] += one.youngest
        by_status = Counter(self.counts.by_status) + Counter(other.counts.by_status)
        cut_off = max(days, default=None)
        return Tally(Counts(dict(sorted(by_status.items())), cut_off), days[cut_off] if cut_off else 0)
