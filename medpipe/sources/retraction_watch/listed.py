"""Rows of the Retraction Watch Database as notices about articles.

The file is Crossref's retraction_watch.csv (https://gitlab.com/crossref/retraction-watch-data): one row for each
retraction, expression of concern, correction or reinstatement. A row becomes a document `rw:<Record ID>` with the
status NOTICE, which names its article by PMID and by DOI. Corrections are left out: they change no standing.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import TextIO

from medpipe.core import sources
from medpipe.core.corpus import doi
from medpipe.core.corpus.bad_record import BadRecord, Received
from medpipe.core.corpus.document import Document, Relation, Section, Status
from medpipe.core.corpus.merge import DOI
from medpipe.core.corpus.standing import LISTED, LISTED_CONCERN, REINSTATES
from medpipe.errors import SourceError

SOURCE = sources.named("retraction-watch")
ID = re.compile(r"(?:rw:)?(\d{1,9})", re.ASCII)
_NUMBER, _NATURE, _DAY = "Record ID", "RetractionNature", "RetractionDate"
_PMID, _DOI = "OriginalPaperPubMedID", "OriginalPaperDOI"
_NEEDED = (_NUMBER, _NATURE, _DAY, _PMID, _DOI)
_KINDS = {"retraction": LISTED, "expression of concern": LISTED_CONCERN, "reinstatement": REINSTATES}
_DATE = re.compile(r"\s*(\d{1,2})/(\d{1,2})/(\d{4})\b")
_BETWEEN = re.compile(r"[;,]?\s+|[;,](?=10\.)")
"""Between several DOIs. One DOI may have a semicolon in it."""
_PAGE = "https://retractiondatabase.org/"


def parse_list(stream: TextIO, name: str, revision: int, posted: date) -> Iterator[Received]:
    """Yield a document for each row that says something about an article with a PMID or a DOI.

    `name`: the file, for messages. `posted`: the file's day, for rows without a date. Raises SourceError for a file
    that is not such a table, and yields a BadRecord for a row without a number.
    """
    rows = csv.DictReader(stream)
    if missing := [column for column in _NEEDED if column not in (rows.fieldnames or ())]:
        raise SourceError(f"{name}: has no column {', '.join(missing)}; it is not Retraction Watch's list, or changed.")
    try:
        for line, row in enumerate(rows, start=1):
            number = ID.fullmatch((row[_NUMBER] or "").strip())
            relations = _relations(row)
            if number is None:
                yield BadRecord(source=SOURCE.name, file=name, place=f"row {line}", reason=f"no {_NUMBER}")
            elif relations:
                yield _document(row, number[1], relations, revision, posted)
    except csv.Error as error:
        raise SourceError(f"{name}: broken after row {rows.line_num} ({error}); download it again.") from error


def _document(
    row: Mapping[str, str | None], number: str, relations: tuple[Relation, ...], revision: int, posted: date
) -> Document:
    reason = " ".join((row.get("Reason") or "").replace("+", " ").split())
    return Document(
        id=f"{SOURCE.prefix}:{number}",
        revision=revision,
        source=SOURCE.name,
        title=" ".join((row.get("Title") or "").split()) or f"Row {number}",
        url=_PAGE,
        licence=SOURCE.licence,
        published=_day(row[_DAY] or "") or posted,
        status=Status.NOTICE,
        sections=(Section(heading="REASON", text=reason),) if reason else (),
        relations=relations,
        journal=" ".join((row.get("Journal") or "").split()),
    )


def _relations(row: Mapping[str, str | None]) -> tuple[Relation, ...]:
    """Return what a row says of each id that it gives; nothing for a correction. `0` and `unavailable` are not ids."""
    kind = _KINDS.get((row[_NATURE] or "").strip().casefold())
    pmids = [pmid for pmid in re.findall(r"[0-9]+", row[_PMID] or "") if int(pmid)]
    dois = [doi.normalised(written) for written in _BETWEEN.split(row[_DOI] or "")]
    targets = (*(f"pmid:{int(pmid)}" for pmid in pmids), *(f"{DOI}{one}" for one in dois if one.startswith("10.")))
    return tuple(Relation(kind=kind, target=target) for target in dict.fromkeys(targets)) if kind else ()


def _day(written: str) -> date | None:
    """Return the day in `3/14/2024 0:00` (month first), None without one."""
    if not (match := _DATE.match(written)):
        return None
    try:
        return date(int(match[3]), int(match[1]), int(match[2]))
    except ValueError:
        return None
