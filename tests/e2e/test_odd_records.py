"""Odd records of the recorded data: they reach the corpus with their status, or quarantine, or are not documents."""

from __future__ import annotations

import gzip
import json
import shutil
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from medpipe import errors, steps
from medpipe.core.corpus.document import Status
from medpipe.core.manifests import CorpusManifest, DocumentsManifest, ValidationManifest
from medpipe.settings import Settings
from medpipe.sources.curated.sets import SETS
from medpipe.steps.artifact import manifest
from medpipe.steps.corpus import table_version
from medpipe.wiring import Wiring
from tests.places import DATA

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not DATA.is_dir(), reason="no recorded data beside the checkout")]
EVER = (date(2000, 1, 1), date(2100, 1, 1))


def ports(home: Path, **places: Path) -> Wiring:
    return Wiring(
        Settings(
            home=home, curated=home / "curated", **{f"{name}_url": place.as_uri() for name, place in places.items()}
        )
    )


def taken_in(ports: Wiring, source: str, window: tuple[date, date]) -> tuple[dict[str, str], str]:
    """Pull, validate and build the corpus; return the status of each id in it, and the listing of the quarantine."""
    pulled = steps.pull(source, *window, ports=ports)
    corpus = steps.build_corpus((steps.validate(pulled, "documents", ports=ports),), ports=ports)
    held_back = next(ports.store.manifests(ValidationManifest)).outcome.quarantined_rows
    incoming = manifest(ports, corpus, CorpusManifest).outcome.incoming
    assert incoming + len(held_back) == manifest(ports, pulled, DocumentsManifest).outcome.documents, "no row is lost"
    documents = ports.corpus.read(table_version(ports, corpus), tuple(Status))
    return {document.id: str(document.status) for document in documents}, steps.quarantine(ports=ports)


def test_two_days_of_pubmed_with_a_retraction_a_concern_versions_and_deletions(tmp_path: Path) -> None:
    files = tmp_path / "pubmed"
    files.mkdir()
    for file in (DATA / "synthetic").glob("pubmed26n*"):
        shutil.copy(file, files)
    statuses, waiting = taken_in(ports(tmp_path, pubmed=files), "pubmed", EVER)
    assert waiting == "No quarantined rows."
    by_status = {status: sorted(id for id, reached in statuses.items() if reached == status) for status in Status}
    assert by_status["retracted"] == ["pmid:99000006", "pmid:99000022", "pmid:99000029"]
    assert by_status["notice"] == ["pmid:99000020", "pmid:99000021"]
    assert by_status["concern"] == ["pmid:99000023"]
    assert by_status["deleted"] == ["pmid:98999999", "pmid:99000007", "pmid:99000009"]
    assert by_status["current"] == [f"pmid:{99000000 + number}" for number in (1, 2, 3, 4, 5)] + [
        "pmid:99000007.2",
        *(f"pmid:{99000000 + number}" for number in (8, 10, 11, 25, 28)),
    ]


def test_all_real_citations_arrive_also_those_without_an_abstract(tmp_path: Path) -> None:
    home = ports(tmp_path, pubmed=DATA / "pubmed_xml")
    statuses, waiting = taken_in(home, "pubmed", EVER)
    assert waiting == "No quarantined rows."
    (corpus,) = home.store.manifests(CorpusManifest)
    current = list(home.corpus.read(corpus.outcome.table_version))
    assert sum(not document.sections for document in current) > 0, "some citations have no abstract"
    assert len(statuses) >= len(current) > 200


def test_medquad_documents_without_a_title_are_quarantined_and_all_others_arrive(tmp_path: Path) -> None:
    (tmp_path / "curated").mkdir()
    (tmp_path / "curated" / "medquad").symlink_to((DATA / "medquad").resolve(), target_is_directory=True)
    home = ports(tmp_path)
    statuses, waiting = taken_in(home, "medquad", (date(2017, 1, 1), date(2017, 1, 2)))
    assert sorted(line.split()[4] for line in waiting.splitlines()) == [
        "medquad:9_CDC_QA/0000199",
        "medquad:9_CDC_QA/0000424",
    ]
    assert waiting.count("The title is blank") == 2
    assert set(statuses.values()) == {"current"}
    held_back = [line.split()[4] for line in waiting.splitlines()]
    files = sorted((DATA / "medquad").glob("*.jsonl.gz"))
    records = [json.loads(line) for path in files for line in gzip.decompress(path.read_bytes()).splitlines()]
    readings = [SETS["medquad"].read(record) for record in records]
    assert all(reading.entry or any(reading.dropped.values()) for reading in readings), "each one left out is counted"
    taken = [f"medquad:{record['doc_id']}" for record, reading in zip(records, readings, strict=True) if reading.entry]
    # A number that two records share becomes `number` and `number#2`.
    assert Counter(id.partition("#")[0] for id in (*statuses, *held_back)) == Counter(taken)
    assert len(statuses) + len(held_back) + sum(not reading.entry for reading in readings) == len(records)


def test_the_topics_of_2012_are_accepted_for_their_own_week_and_rejected_for_a_later_one(tmp_path: Path) -> None:
    files = DATA / "medlineplus_xml"
    statuses, waiting = taken_in(
        ports(tmp_path / "week", medlineplus=files), "medlineplus", (date(2012, 7, 17), date(2012, 7, 24))
    )
    assert (waiting, set(statuses.values())) == ("No quarantined rows.", {"current"})
    late = ports(tmp_path / "late", medlineplus=files)
    pulled = steps.pull("medlineplus", date(2012, 7, 15), date(2012, 8, 15), ports=late)
    with pytest.raises(errors.BatchRejected, match="newer ones were not found"):
        steps.validate(pulled, "documents", ports=late)


def test_a_topic_without_a_summary_never_becomes_a_document(tmp_path: Path) -> None:
    files = tmp_path / "topics"
    files.mkdir()
    for file in (DATA / "synthetic").glob("mplus_topics_*.xml"):
        shutil.copy(file, files)
    statuses, waiting = taken_in(
        ports(tmp_path, medlineplus=files), "medlineplus", (date(2026, 1, 6), date(2026, 1, 8))
    )
    assert waiting == "No quarantined rows."
    assert set(statuses.values()) == {"current"} and len(statuses) <= 3
