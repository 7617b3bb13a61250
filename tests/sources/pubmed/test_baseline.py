"""A file never outranks what is newer than it: a baseline, and a file that is posted again under its name."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from medpipe.core.corpus.document import Document
from medpipe.core.corpus.merge import newer
from medpipe.sources.pubmed.files_source import PubMedSource
from tests.received import documents

EVER = date(2000, 1, 1), date(2100, 1, 1)
RECORD = (
    '<PubmedArticle><MedlineCitation><PMID Version="1">{n}</PMID><Article><Journal><JournalIssue><PubDate><Year>2020'
    "</Year></PubDate></JournalIssue></Journal><ArticleTitle>{title}</ArticleTitle></Article></MedlineCitation>"
    "</PubmedArticle>"
)
DELETION = '<DeleteCitation><PMID Version="1">3</PMID></DeleteCitation>'


def _post(folder: Path, name: str, day: date, *records: str) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"<PubmedArticleSet>{''.join(records)}</PubmedArticleSet>")
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()
    os.utime(path, (noon, noon))


def test_next_years_baseline_gives_way_to_revisions_and_deletions_of_the_weeks_before_it(tmp_path: Path) -> None:
    source = PubMedSource(str(tmp_path), tmp_path)
    old = [RECORD.format(n=n, title="old") for n in (1, 2, 3)]
    _post(tmp_path, "baseline/pubmed26n0001.xml", date(2026, 1, 8), *old)
    _post(tmp_path, "updatefiles/pubmed26n1335.xml", date(2026, 9, 1), RECORD.format(n=1, title="autumn"))
    _post(tmp_path, "updatefiles/pubmed26n1700.xml", date(2026, 12, 4), RECORD.format(n=2, title="new"), DELETION)
    before = documents(source.pull(*EVER))
    (tmp_path / "baseline" / "pubmed26n0001.xml").unlink()
    frozen = [RECORD.format(n=1, title="frozen"), *old[1:]]
    _post(tmp_path, "baseline/pubmed27n0001.xml", date(2026, 12, 11), *frozen)
    _post(tmp_path, "updatefiles/pubmed26n1701.xml", date(2026, 12, 12), RECORD.format(n=4, title="late"))
    received = [*before, *documents(source.pull(*EVER))]
    for order in (received, received[::-1], [*received[::2], *received[1::2]]):
        kept: dict[str, Document] = {}
        for document in order:
            kept[document.id] = newer(kept.get(document.id), document)
        assert {id: document.title for id, document in kept.items() if document.status != "deleted"} == {
            "pmid:1": "frozen",
            "pmid:2": "new",
            "pmid:4": "late",
        }


@pytest.mark.parametrize(("again", "following", "outranks"), [(5, 4, True), (3, 4, False), (5, 3, False)])
def test_a_file_that_is_posted_again_outranks_itself_on_a_later_day_and_never_its_successor(
    tmp_path: Path, again: int, following: int, outranks: bool
) -> None:
    def revision(number: int) -> int:
        return next(iter(documents(PubMedSource(str(tmp_path), tmp_path).pull(*EVER, file=_name(number))))).revision

    _post(tmp_path, _name(1335), date(2026, 3, 3), RECORD.format(n=1, title="first"))
    first = revision(1335)
    _post(tmp_path, _name(1336), date(2026, 3, following), RECORD.format(n=1, title="next"))
    _post(tmp_path, _name(1335), date(2026, 3, again), RECORD.format(n=1, title="corrected"))
    assert (revision(1335) > first) is outranks, "docs/data-sources.md says when the two postings have one revision"
    assert revision(1335) < revision(1336)


def _name(number: int) -> str:
    return f"pubmed26n{number}.xml"
