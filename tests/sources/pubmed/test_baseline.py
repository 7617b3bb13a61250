"""A file never outranks what is newer than it: a baseline, and a file that is posted again under its name."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from functools import reduce
from itertools import permutations
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


def _post(folder: Path, name: str, day: date, *records: str, hour: int = 12) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"<PubmedArticleSet>{''.join(records)}</PubmedArticleSet>")
    posted = datetime(day.year, day.month, day.day, hour, tzinfo=UTC).timestamp()
    os.utime(path, (posted, posted))


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


@pytest.mark.parametrize("folder", ["updatefiles", "baseline"])
@pytest.mark.parametrize(("again", "following"), [(5, 4), (3, 4), (5, 3), (3, 3)])
def test_a_file_that_is_posted_again_outranks_itself_and_never_its_successor(
    tmp_path: Path, again: int, following: int, folder: str
) -> None:
    def record(number: int) -> Document:
        return next(iter(documents(PubMedSource(str(tmp_path), tmp_path).pull(*EVER, file=_name(number)))))

    _post(tmp_path / folder, _name(1335), date(2026, 3, 3), RECORD.format(n=1, title="RETRACTED: first"))
    first = record(1335)
    _post(tmp_path / "updatefiles", _name(1336), date(2026, 3, following), RECORD.format(n=1, title="next"))
    _post(tmp_path / folder, _name(1335), date(2026, 3, again), RECORD.format(n=1, title="corrected"), hour=13)
    corrected, following_one = record(1335), record(1336)
    for order in permutations((first, corrected)):
        assert reduce(newer, order, None).title == "corrected"
    for order in permutations((first, corrected, following_one)):
        assert reduce(newer, order, None).title == "next"


def _name(number: int) -> str:
    return f"pubmed26n{number}.xml"
