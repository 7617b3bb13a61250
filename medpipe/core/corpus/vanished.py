"""Documents that their publisher no longer lists, in a source whose every delivery holds all documents.

A topic that is missing from one file is not a deletion: it may be missing by mistake. So may a text that is
missing from a topic. After some days it is on hold until a file has it again. A record of medpipe's own names these
documents, so that they are marked as by any other record.

A notice that a list of notices no longer has says nothing any more, after the same time: it counts as deleted until a
list has it again. Both depend on the days of the lists alone, in whatever order they come.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from datetime import date

from medpipe.core.corpus.document import Document, Relation, Status
from medpipe.core.corpus.revision import on_day, posted
from medpipe.core.corpus.standing import LEFT_OUT, VANISHED

ENOUGH = 0.8
"""The share of a source's documents that have come since a whole delivery. A smaller delivery is a part of one."""
_FEW, _SHARE = 5, 0.01
"""Notices that a whole list may lack: so many, or this share of the known ones where that is more. What a list
without the rest says ends withdrawals, so it must be plain that nothing cut the list off."""


def record_id(source: str) -> str:
    """Return the id of the record that names what a source no longer lists."""
    return f"vanished:{source}"


def missing_days(known: Mapping[str, int], notices: bool = False) -> dict[str, int]:
    """Return id → days between the newest whole delivery and the last one that had the document, of what it lacks.

    `known`: id → revision (YYYYMMDD) of the newest delivery that lists it, of every document of the source that is not
    deleted. `notices`: whether they are notices, of which a whole delivery lacks hardly any.
    """
    newest = _newest(known, notices)
    last = posted(newest)
    lacking = {id: posted(revision) for id, revision in known.items() if revision < newest}
    return {id: (last - day).days for id, day in lacking.items() if last and day}


def record(source: str, known: Mapping[str, int], days: int, left_out: Collection[str] = ()) -> Document | None:
    """Return the record that puts on hold what has been missing for `days` or longer; None without a dated delivery.

    `left_out`: ids that the newest delivery lists without a text.
    """
    day = posted(_newest(known))
    if day is None:
        return None
    held = sorted(id for id, missing in missing_days(known).items() if missing >= days)
    return Document(
        id=record_id(source),
        # An older delivery that comes later can only add documents to those that are missing from the newest.
        revision=on_day(day, len(held)),
        source=source,
        title=f"What {source} no longer lists",
        published=day,
        status=Status.NOTICE,
        relations=tuple(Relation(kind=LEFT_OUT if id in left_out else VANISHED, target=id) for id in held),
    )


def ended(source: str, known: Mapping[str, int], days: int) -> list[Document]:
    """Return a deletion of each notice that has been missing for `days` or longer, sorted by id."""
    return [
        Document(
            id=id,
            # Just after the last list that has it: any later one, whenever it comes, brings the notice back.
            revision=known[id] + 1,
            source=source,
            title="",
            published=posted(known[id]) or date.min,
            status=Status.DELETED,
        )
        for id, missing in sorted(missing_days(known, notices=True).items())
        if missing >= days
    ]


def _newest(known: Mapping[str, int], notices: bool = False) -> int:
    """Return the latest revision that enough documents have reached: that of the newest whole delivery."""
    revisions = sorted(known.values(), reverse=True)
    enough = math.ceil(ENOUGH * len(revisions))
    if notices:
        enough = max(enough, len(revisions) - max(_FEW, math.floor(_SHARE * len(revisions))))
    return revisions[enough - 1] if revisions else 0
