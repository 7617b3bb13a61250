"""One bad record costs one record: it is quarantined with file, place and reason, and the others enter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from medpipe import steps
from medpipe.core.corpus.bad_record import BadRecord, Received
from medpipe.core.manifests import CorpusManifest, DocumentsManifest
from medpipe.errors import BatchRejected, UsageError
from medpipe.settings import Settings
from medpipe.sources.pubmed.files_source import PubMedSource
from medpipe.steps.artifact import manifest
from tests import fakes
from tests.steps.conftest import DAY_1, DAY_2, topic

RECORD = (
    '<PubmedArticle><MedlineCitation><PMID Version="1">{n}</PMID><Article><Journal><JournalIssue><PubDate>{date}'
    "</PubDate></JournalIssue></Journal><ArticleTitle>T</ArticleTitle></Article></MedlineCitation></PubmedArticle>"
)
DATED, SEASON = "<Year>2026</Year>", "<MedlineDate>Spring-Summer</MedlineDate>"
CHAPTER = (
    "<PubmedBookArticle><BookDocument><PMID>51</PMID><Book><BookTitle>B</BookTitle><PubDate/></Book>"
    "<ArticleTitle>C</ArticleTitle></BookDocument></PubmedBookArticle>"
)
EVER = date(2000, 1, 1), date(2100, 1, 1)
WHY = {"reason": "reported to NLM", "by": "Dr Calder"}


def _good(*numbers: int) -> list[str]:
    return [RECORD.format(n=n, date=DATED) for n in numbers]


@pytest.fixture
def ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> fakes.FakePorts:
    """Ports whose PubMed is a folder of files."""
    files = tmp_path / "files"
    files.mkdir()
    wired = fakes.ports(Settings(home=tmp_path / "home"))
    monkeypatch.setattr(wired, "source", lambda name: PubMedSource(str(files), tmp_path), raising=False)
    return wired


def _post(tmp_path: Path, *records: str) -> None:
    text = f"<PubmedArticleSet>{''.join(records)}</PubmedArticleSet>"
    (tmp_path / "files" / "pubmed26n0001.xml").write_text(text)


def _taken(ports: fakes.FakePorts) -> tuple[str, str]:
    pulled = steps.pull("pubmed", *EVER, ports=ports)
    return pulled, steps.build_corpus((steps.validate(pulled, "documents", ports=ports),), ports=ports)


def test_records_that_cannot_be_read_are_listed_and_all_others_enter(ports: fakes.FakePorts, tmp_path: Path) -> None:
    undated, nameless = RECORD.format(n=31, date=SEASON), RECORD.format(n="", date=DATED)
    _post(tmp_path, *_good(1, 2), undated, CHAPTER, nameless, *_good(3))
    pulled, corpus = _taken(ports)
    outcome = manifest(ports, pulled, DocumentsManifest).outcome
    assert (outcome.documents, outcome.bad_records) == (3, 3)
    assert manifest(ports, corpus, CorpusManifest).outcome.documents == {"current": 3}
    file = tmp_path / "files" / "pubmed26n0001.xml"
    assert steps.quarantine(ports=ports).splitlines() == [
        f"{pulled} documents row 3 pmid:31 (pubmed): {file}, record 3: no ArticleDate and no PubDate",
        f"{pulled} documents row 4 pmid:51 (pubmed): {file}, record 4: no date",
        f"{pulled} documents row 5 without id (pubmed): {file}, record 5: no PMID",
    ]


def test_a_bad_record_is_discarded_by_a_person_and_never_released(ports: fakes.FakePorts, tmp_path: Path) -> None:
    _post(tmp_path, CHAPTER)
    pulled, corpus = _taken(ports)
    assert manifest(ports, corpus, CorpusManifest).outcome.documents == {}
    with pytest.raises(UsageError, match=r"row 0 of documents/.* could not be read, so there is nothing to release"):
        steps.release(pulled, "documents", **WHY, ids=("pmid:51",), ports=ports)
    steps.discard(pulled, "documents", **WHY, rows=(0,), ports=ports)
    assert steps.quarantine(ports=ports) == "No quarantined rows."


def test_a_file_with_more_bad_records_than_its_policy_allows_is_stopped(ports: fakes.FakePorts, tmp_path: Path) -> None:
    _post(tmp_path, *_good(*range(100, 160)), *[RECORD.format(n=n, date=SEASON) for n in range(6)])
    with pytest.raises(BatchRejected, match=r"6 of 66 records.*allows .*record 61: no ArticleDate") as stopped:
        steps.pull("pubmed", *EVER, ports=ports)
    assert str(stopped.value).count("no ArticleDate") == 3
    assert not list(ports.store.manifests(DocumentsManifest))


class _Known:
    """A source that knows four of the ids that it is asked for."""

    def pull(self, start: date, end: date, ids: Sequence[str] = ()) -> Iterator[Received]:
        yield from map(topic, range(4))
        for id in ids[4:]:
            yield BadRecord(source="medlineplus", file="efetch", place=f"id {id}", reason="unknown or deleted", id=id)


def test_ids_that_a_publisher_does_not_have_are_bad_records_however_many(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    known: Any = _Known()
    monkeypatch.setattr(ports, "source", lambda name: known, raising=False)
    ids = tuple(topic(number).id for number in range(10))
    pulled = steps.pull("medlineplus", DAY_1, DAY_2, ids=ids, ports=ports)
    outcome = manifest(ports, pulled, DocumentsManifest).outcome
    assert (outcome.documents, outcome.bad_records) == (4, 6)


class _Odd:
    """A source with a bad record between two topics."""

    def pull(self, start: date, end: date, ids: Sequence[str] = ()) -> Iterator[Received]:
        yield topic(1)
        yield BadRecord(source="medlineplus", file="a.xml", place="topic 2", reason="no id")
        yield topic(2).model_copy(update={"title": ""})


def test_rows_and_bad_records_of_one_delivery_are_quarantined_under_different_numbers(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd: Any = _Odd()
    monkeypatch.setattr(ports, "source", lambda name: odd, raising=False)
    data = steps.validate(steps.pull("medlineplus", DAY_1, DAY_2, ports=ports), "documents", ports=ports)
    assert [line.partition(" row ")[2] for line in steps.quarantine(ports=ports).splitlines()] == [
        "1 mplus:900002 (medlineplus): the title is blank",
        "2 without id (medlineplus): a.xml, topic 2: no id",
    ]
    steps.release(data, "documents", **WHY, rows=(1,), ports=ports)
    corpus = steps.build_corpus((data,), ports=ports)
    assert manifest(ports, corpus, CorpusManifest).outcome.documents == {"current": 2}
