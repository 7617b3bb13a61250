"""The bench of real data: its tables say what the verbs counted, and a damaged file stops it with a name."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest

from bench import real_data, real_data_tables
from medpipe.core.teaching.one_answer import OUTDONE
from tests.places import ROOT

MEDQUAD = [
    {
        "doc_id": f"6_NINDS_QA/000000{number}",
        "focus": focus,
        "url": "https://example.org",
        "qa": [{"question": f"What causes {focus} ?", "answer": answer}],
    }
    for number, (focus, answer) in enumerate(
        [
            ("Velorin fever", "Velorin fever is caused by nights without enough sleep in a cold room."),
            ("Velorin fever", "A lack of salt in the food of young people leads to it within a week."),
            ("", "Bright light is to blame."),
        ]
    )
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two documents that answer one question differently, and one without a title."""
    folder = tmp_path / "data"
    (folder / "medquad").mkdir(parents=True)
    (folder / "medquad" / "6_NINDS_QA.jsonl.gz").write_bytes(packed(MEDQUAD))
    return folder


def packed(rows: list[dict[str, object]]) -> bytes:
    return gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode())


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bench sets variables; they are taken back."""
    for name in ("HOME", "RECIPES", "CURATED", "MEDLINEPLUS_URL", "PUBMED_URL", "EUTILS_URL"):
        monkeypatch.setenv(f"MEDPIPE_{name}", "")


def test_sets_whose_files_are_not_there_are_named_and_the_others_are_pulled(data: Path, tmp_path: Path) -> None:
    pulls, absent = real_data.prepared(data, tmp_path / "work")
    assert {source for source, _, _ in pulls} == {"pubmed", "eutils", "medquad", "triage"}
    assert absent["medqa"] == "its files are not there"
    assert (tmp_path / "work" / "curated" / "medquad" / "6_NINDS_QA.jsonl.gz").is_file()


def test_a_set_with_an_official_test_is_left_out_without_the_authors_list(data: Path, tmp_path: Path) -> None:
    shutil.copytree(data / "medquad", data / "pubmedqa")
    assert "nothing says which questions" in real_data.prepared(data, tmp_path / "work")[1]["pubmedqa"]
    (data / "pubmedqa" / real_data.LIST).write_text("{}")
    assert "pubmedqa" not in real_data.prepared(data, tmp_path / "again")[1]


@pytest.mark.slow
@pytest.mark.usefixtures("environment")
def test_the_tables_say_what_the_verbs_counted(data: Path, tmp_path: Path) -> None:
    pulls = [pull for pull in real_data.prepared(data, tmp_path / "work")[0] if pull[0] == "medquad"]
    figures = {"absent": {"medqa": "its files are not there"}, **real_data.measured(tmp_path / "work", data, pulls)}
    corpus, examples = real_data_tables.corpus_tables(figures), real_data_tables.example_tables(figures)
    for row in (
        "| medquad | 3 | 0 | 1: The title is blank, or far too long to be a title. |",
        "Left out: `medqa`, because its files are not there.",
        "| current | 2 |",
        "| build-corpus | 1 |",
    ):
        assert row in corpus
    for row in (
        "| found | 2 |",
        "| new | 1 |",
        "| questions that documents answer differently | 1 |",
        f"| answers to them that gave way | {figures['examples']['card']['left_out'][OUTDONE]} |",
    ):
        assert row in examples


@pytest.mark.integration
@pytest.mark.usefixtures("environment")
def test_a_damaged_file_stops_the_bench_with_its_name(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = data / "medquad" / "6_NINDS_QA.jsonl.gz"
    damaged.write_bytes(damaged.read_bytes()[:40])
    pulls, _ = real_data.prepared(data, tmp_path / "work")
    with pytest.raises(RuntimeError, match="medpipe pull --source medquad"):
        real_data.measured(tmp_path / "work", data, [pull for pull in pulls if pull[0] == "medquad"])
    assert damaged.name in capsys.readouterr().err


def test_the_recorded_figures_are_those_of_the_pages() -> None:
    figures = json.loads(real_data.RESULTS.read_text(encoding="utf-8"))
    for page, tables in (
        ("real-data.md", real_data_tables.corpus_tables(figures)),
        ("examples.md", real_data_tables.example_tables(figures)),
    ):
        assert tables in (ROOT / "docs" / page).read_text(encoding="utf-8")
