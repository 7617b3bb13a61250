"""Retraction Watch's rows become notices about articles, by PMID and by DOI. All rows are invented."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

import pytest

from medpipe.core.corpus.bad_record import BadRecord
from medpipe.core.corpus.document import Document, Status
from medpipe.errors import SourceError, UsageError
from medpipe.sources.retraction_watch.list_source import RetractionWatchSource
from medpipe.sources.retraction_watch.listed import parse_list
from tests.core.corpus.test_merge import article, corpus, here

COLUMNS = (
    "Record ID,Title,Subject,Institution,Journal,Publisher,Country,Author,URLS,ArticleType,RetractionDate,"
    "RetractionDOI,RetractionPubMedID,OriginalPaperDate,OriginalPaperDOI,OriginalPaperPubMedID,RetractionNature,"
    "Reason,Paywalled,Notes"
).split(",")
POSTED = date(2026, 3, 9)
EVER = (date(2000, 1, 1), date(2100, 1, 1))


def table(*rows: dict[str, str], columns: list[str] = COLUMNS) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def row(number: str = "1", **fields: str) -> dict[str, str]:
    values = {
        "Record ID": number,
        "Title": "Does quellamine\n lower fever?",
        "Journal": "Journal of Moor Flu",
        "RetractionDate": "2/14/2026 0:00",
        "OriginalPaperDOI": "10.1000/MoorFlu.1",
        "OriginalPaperPubMedID": "90000001",
        "RetractionNature": "Retraction",
        "Reason": "+Concerns/Issues about Data;+Investigation by Journal/Publisher;",
    }
    return values | {name.replace("_", " "): value for name, value in fields.items()}


def read(*rows: dict[str, str]) -> list[Document | BadRecord]:
    return list(parse_list(io.StringIO(table(*rows), newline=""), "list.csv", 20260309, POSTED))


def targets(*rows: dict[str, str]) -> list[tuple[str, str | None]]:
    return [(relation.kind, relation.target) for one in read(*rows) for relation in one.relations]


def test_a_row_is_a_notice_with_day_reason_and_what_it_is_about() -> None:
    (notice,) = read(row())
    assert (notice.id, notice.status, notice.published) == ("rw:1", Status.NOTICE, date(2026, 2, 14))
    assert (notice.title, notice.journal) == ("Does quellamine lower fever?", "Journal of Moor Flu")
    assert notice.sections[0].text == "Concerns/Issues about Data; Investigation by Journal/Publisher;"
    assert targets(row()) == [
        ("ListedRetractionOf", "pmid:90000001"),
        ("ListedRetractionOf", "doi:10.1000/moorflu.1"),
    ]


@pytest.mark.parametrize(
    ("nature", "kind"),
    [
        ("Expression of concern", ["ListedConcernOf"]),
        ("Reinstatement", ["ListedReinstatementOf"]),
        ("Correction", []),
    ],
)
def test_the_nature_of_a_row_decides_what_it_says(nature: str, kind: list[str]) -> None:
    one = row(RetractionNature=nature, OriginalPaperDOI="")
    assert [said for said, _ in targets(one)] == kind


@pytest.mark.parametrize("absent", ["", "unavailable", "Unavailable"])
def test_missing_numbers_are_no_articles(absent: str) -> None:
    assert targets(row(OriginalPaperDOI=absent, OriginalPaperPubMedID="0")) == []
    assert [target for _, target in targets(row(OriginalPaperDOI="https://doi.org/10.1/A; 10.1/b"))] == [
        "pmid:90000001",
        "doi:10.1/a",
        "doi:10.1/b",
    ]


def test_a_row_without_a_date_has_the_files_and_one_without_a_number_is_bad() -> None:
    assert read(row(RetractionDate="unknown"))[0].published == POSTED
    (bad,) = read(row(""))
    assert (bad.place, bad.reason) == ("row 1", "no Record ID")


def test_a_table_of_something_else_is_refused_by_what_it_lacks() -> None:
    text = table(row(), columns=["Record ID", "Title"])
    with pytest.raises(SourceError, match="has no column RetractionNature, RetractionDate"):
        list(parse_list(io.StringIO(text), "list.csv", 1, POSTED))


def test_what_is_listed_is_held_by_pmid_and_by_doi_until_it_is_reinstated() -> None:
    by_doi = article(1, id="pmid:2", dois=("10.1000/moorflu.2",))
    listed = read(row(), row("2", OriginalPaperPubMedID="0", OriginalPaperDOI="10.1000/MOORFLU.2"))
    standings = here(corpus([article(1, id="pmid:90000001"), by_doi], listed))
    assert [standings[id][1].status for id in ("pmid:90000001", "pmid:2")] == [Status.ON_HOLD, Status.ON_HOLD]
    back = read(row("3", RetractionNature="Reinstatement", RetractionDate="3/1/2026 0:00"))
    assert here(corpus(listed, back, [article(1, id="pmid:90000001")]))["pmid:90000001"][1].status is Status.CURRENT


def test_a_pull_reads_the_file_of_the_window_and_chooses_by_id(tmp_path: Path) -> None:
    (tmp_path / "retraction_watch.csv").write_text(table(row(), row("2")), encoding="utf-8-sig")
    source = RetractionWatchSource(str(tmp_path), tmp_path / "cache")
    assert [one.id for one in source.pull(*EVER)] == ["rw:1", "rw:2"]
    assert [one.id for one in source.pull(*EVER, ids=("rw:2",))] == ["rw:2"]
    assert list(source.pull(date(2000, 1, 1), date(2000, 1, 2))) == []
    with pytest.raises(UsageError, match=r"'pmid:1' is not a row of Retraction Watch; ids look like rw:12345"):
        list(source.pull(*EVER, ids=("pmid:1",)))


def test_a_folder_without_the_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"copy retraction_watch\.csv there"):
        list(RetractionWatchSource(str(tmp_path), tmp_path).pull(*EVER))
