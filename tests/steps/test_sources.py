"""plan_pulls: one pull for each file of PubMed, and one for any other source."""

from __future__ import annotations

import logging
import os
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from medpipe import records, steps
from medpipe.core.corpus.document import Document
from medpipe.core.manifests import DocumentsInputs, DocumentsManifest
from medpipe.errors import SourceError
from medpipe.ports import Ports
from medpipe.settings import Settings
from medpipe.sources.pubmed.files_source import PubMedSource
from medpipe.steps.artifact import manifest
from tests import fakes
from tests.fakes import FileSource
from tests.steps.conftest import DAY_1, DAY_2, DAY_3, publish, topic

RECORD = (
    '<PubmedArticle><MedlineCitation><PMID Version="1">{n}</PMID><Article><Journal><JournalIssue><PubDate><Year>'
    "2026</Year></PubDate></JournalIssue></Journal><ArticleTitle>T</ArticleTitle></Article></MedlineCitation>"
    "</PubmedArticle>"
)


@pytest.fixture
def ports(tmp_path: Path) -> Ports:
    """PubMed as a folder of files, and a source that has none."""
    (tmp_path / "pubmed" / "baseline").mkdir(parents=True)
    (tmp_path / "pubmed" / "updatefiles").mkdir()
    (tmp_path / "other.jsonl").write_text("")
    publishers = {
        "pubmed": PubMedSource(str(tmp_path / "pubmed"), tmp_path),
        "other": FileSource(tmp_path / "other.jsonl"),
    }
    real = fakes.ports(Settings(home=tmp_path))
    return cast(
        Ports,
        SimpleNamespace(
            source=publishers.__getitem__,
            store=real.store,
            source_policy=real.source_policy,
            workspace=real.workspace,
            progress=real.progress,
        ),
    )


def _post(tmp_path: Path, name: str, day: date, text: str = "") -> None:
    path = tmp_path / "pubmed" / name
    path.write_text(text)
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()
    os.utime(path, (noon, noon))


def _plan(ports: Ports, *sources: str, baseline: bool = False) -> list[tuple[str, ...]]:
    planned = steps.plan_pulls(sources, date(2026, 3, 3), date(2026, 3, 5), baseline, ports=ports)
    return [tuple(arguments.values()) for arguments in planned]


def test_each_file_of_the_window_is_a_pull_of_its_day(ports: Ports, tmp_path: Path) -> None:
    for number, day in ((1, 2), (2, 3), (3, 4), (4, 4), (5, 5)):
        _post(tmp_path, f"updatefiles/pubmed26n000{number}.xml", date(2026, 3, day))
    assert _plan(ports, "pubmed", "other") == [
        ("pubmed", "2026-03-03", "2026-03-04", "pubmed26n0002.xml"),
        ("pubmed", "2026-03-04", "2026-03-05", "pubmed26n0003.xml"),
        ("pubmed", "2026-03-04", "2026-03-05", "pubmed26n0004.xml"),
        ("other", "2026-03-03", "2026-03-05"),
    ]


def test_a_window_without_files_is_one_pull_of_nothing_which_records_what_is_posted(ports: Ports) -> None:
    assert _plan(ports, "pubmed") == [("pubmed", "2026-03-05", "2026-03-05")]


def test_a_baseline_is_one_pull_a_file_in_runs_that_fit_what_airflow_maps(
    ports: Ports, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(1, 1335):
        _post(tmp_path, f"baseline/pubmed26n{number:04}.xml", date(2026, 1, 15))
    _post(tmp_path, "updatefiles/pubmed26n1335.xml", date(2026, 3, 4))
    with caplog.at_level(logging.INFO, logger="medpipe.progress"):
        planned = _plan(ports, "pubmed", baseline=True)
    assert len(planned) == 500 < 1024 and planned[0][3] == "pubmed26n0001.xml"
    assert "pubmed: 0 of 1335 files taken, 500 in this run, 835 wait for the next" in caplog.text
    assert len(_plan(ports, "pubmed")) == 1


def test_a_file_is_one_artifact_whatever_window_asked_for_it(ports: Ports, tmp_path: Path) -> None:
    day = date(2026, 3, 4)
    for number in (1, 2):
        text = f"<PubmedArticleSet>{RECORD.format(n=number)}</PubmedArticleSet>"
        _post(tmp_path, f"updatefiles/pubmed26n000{number}.xml", day, text)
    narrow = steps.plan_pulls(("pubmed",), day, date(2026, 3, 5), ports=ports)
    wide = steps.plan_pulls(("pubmed",), date(2026, 2, 1), date(2026, 4, 1), ports=ports)
    assert narrow == wide
    pulled = [
        steps.pull(arguments["source"], day, date(2026, 3, 5), file=arguments["file"], ports=ports)
        for arguments in wide
    ]
    first_ids = [(ports.store.folder(ref) / "documents.jsonl").read_text().split('"')[3] for ref in pulled]
    assert first_ids == ["pmid:1", "pmid:2"]


def test_a_file_that_is_not_there_or_a_source_without_files_is_named(ports: Ports) -> None:
    days = date(2026, 3, 3), date(2026, 3, 4)
    with pytest.raises(SourceError, match=r"no pubmed26n0009\.xml was posted from 2026-03-03"):
        steps.pull("pubmed", *days, file="pubmed26n0009.xml", ports=ports)
    with pytest.raises(SourceError, match="the source other has no files to choose from"):
        steps.pull("other", *days, file="a.xml", ports=ports)


def test_a_pull_keeps_its_window_ids_and_file_and_counts_its_documents(tmp_path: Path) -> None:
    ports = fakes.ports(Settings(home=tmp_path))
    publish(ports, [topic(2), topic(1), topic(3, DAY_2)])
    day = steps.pull("medlineplus", DAY_1, DAY_2, ports=ports)
    stored = manifest(ports, day, DocumentsManifest)
    assert (stored.verb, stored.outcome.documents) == ("pull", 2)
    expected = DocumentsInputs(source="medlineplus", start=DAY_1, end=DAY_2, content=stored.inputs.content)
    assert stored.inputs == expected
    ids = (topic(3).id, topic(1).id)
    some = steps.pull("medlineplus", DAY_1, DAY_3, ids=ids, ports=ports)
    stored = manifest(ports, some, DocumentsManifest)
    assert (stored.inputs.ids, stored.outcome.documents) == (tuple(sorted(ids)), 2)
    assert steps.pull("medlineplus", DAY_1, DAY_3, ids=ids[::-1], ports=ports) == some
    assert [row.id for row in records.read(ports.store.folder(day) / "documents.jsonl", Document)] == [
        topic(2).id,
        topic(1).id,
    ]
    assert steps.pull("medlineplus", DAY_1, DAY_1, ports=ports) not in (day, some)


def test_a_file_is_part_of_the_ref_of_its_pull(ports: Ports, tmp_path: Path) -> None:
    day = date(2026, 3, 4)
    _post(tmp_path, "updatefiles/pubmed26n0001.xml", day, f"<PubmedArticleSet>{RECORD.format(n=1)}</PubmedArticleSet>")
    of_file = steps.pull("pubmed", day, date(2026, 3, 5), file="pubmed26n0001.xml", ports=ports)
    whole = steps.pull("pubmed", day, date(2026, 3, 5), ports=ports)
    assert of_file != whole
    assert manifest(ports, of_file, DocumentsManifest).inputs.file == "pubmed26n0001.xml"


def test_the_arguments_of_a_pull_are_those_of_the_verb(ports: Ports, tmp_path: Path) -> None:
    _post(tmp_path, "updatefiles/pubmed26n0001.xml", date(2026, 3, 3))
    planned = steps.plan_pulls(("pubmed", "other"), date(2026, 3, 3), date(2026, 3, 5), ports=ports)
    assert planned == [
        {"source": "pubmed", "start": "2026-03-03", "end": "2026-03-04", "file": "pubmed26n0001.xml"},
        {"source": "other", "start": "2026-03-03", "end": "2026-03-05"},
    ]
