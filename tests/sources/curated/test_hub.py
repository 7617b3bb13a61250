"""Sets from the Hugging Face hub, through `datasets` itself on folders that look like the hub's."""

from __future__ import annotations

import json
import logging
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from medpipe.core.corpus.document import Document
from medpipe.errors import SourceError
from medpipe.sources.curated.sets import SETS
from medpipe.sources.curated.source import CuratedSource
from tests.sources.curated import samples

EVER = (date(1990, 1, 1), date(2100, 1, 1))


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")


def repository(folder: Path, files: dict[str, list[dict[str, Any]]]) -> str:
    """A dataset repository: one parquet file for each split."""
    for name, rows in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    return str(folder)


def pulled(name: str, hub: str, below: Path, **changes: Any) -> list[Document]:
    sets = {name: SETS[name]._replace(hub=hub, **changes)}
    return list(CuratedSource(below / "curated", name, False, below / "cache", sets=sets).pull(*EVER))


def test_pubmedqa_of_the_hub_has_the_same_documents_as_its_files_but_for_the_year(tmp_path: Path) -> None:
    rows = [
        {
            "pubid": int(pmid),
            "question": row["QUESTION"],
            "long_answer": row["LONG_ANSWER"],
            "context": {"contexts": row["CONTEXTS"], "labels": row["LABELS"], "meshes": row["MESHES"]},
            "final_decision": row["final_decision"],
        }
        for pmid, row in samples.PUBMEDQA.items()
    ]
    hub = repository(tmp_path / "hub", {"pqa_labeled/train-00000-of-00001.parquet": rows})
    Path(hub, "README.md").write_text(
        "---\nconfigs:\n- config_name: pqa_labeled\n  data_files:\n"
        "  - split: train\n    path: pqa_labeled/train-*\n---\n"
    )
    with pytest.raises(SourceError, match="nothing says whether it belongs to the official test of pubmedqa"):
        pulled("pubmedqa", hub, tmp_path)
    (tmp_path / "curated" / "pubmedqa").mkdir(parents=True)
    (tmp_path / "curated" / "pubmedqa" / "test_ground_truth.json").write_text('{"90000003": "yes"}')
    documents = {document.id: document for document in pulled("pubmedqa", hub, tmp_path)}
    samples.write("pubmedqa", tmp_path / "files")
    local = {document.id: document for document in CuratedSource(tmp_path / "files", "pubmedqa").pull(*EVER)}
    assert set(local) == set(documents)
    for name, document in local.items():
        assert documents[name].sections == document.sections
        assert documents[name].published == SETS["pubmedqa"].released


def test_a_test_split_never_becomes_documents(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    held = {**samples.MEDQA[0], "question": "Asked by the benchmark?"}
    hub = repository(
        tmp_path / "hub", {"data/train-00000.parquet": [samples.MEDQA[0]], "data/test-00000.parquet": [held]}
    )
    with caplog.at_level(logging.INFO):
        documents = pulled("medqa", hub, tmp_path)
    assert [document.sections[0].heading for document in documents] == ["Which drug shortens velorin fever?"]
    assert "its split test is a benchmark's and was left out" in caplog.text


def test_medquad_of_the_hub_gathers_the_questions_of_a_document(tmp_path: Path) -> None:
    def row(document: str, question: str, answer: str | None) -> dict[str, Any]:
        return {
            "document_id": document,
            "document_source": "CDC",
            "document_url": "https://www.cdc.gov/velorin",
            "question_focus": "Velorin fever",
            "question": question,
            "answer": answer,
        }

    hub = repository(
        tmp_path / "hub",
        {
            "data/train-00000.parquet": [
                row("0000001", "What is (are) Velorin fever ?", "An invented fever."),
                row("0000001", "What causes Velorin fever ?", None),
                row("0000001", "How to prevent Velorin fever ?", "Gloves."),
                row("0000002", "What is it ?", "A thumb."),
            ]
        },
    )
    documents = pulled("medquad", hub, tmp_path)
    assert [(document.id, len(document.sections)) for document in documents] == [
        ("medquad:9_CDC_QA/0000001", 2),
        ("medquad:9_CDC_QA/0000002", 1),
    ]


def test_a_set_in_several_configurations_gives_all_of_them(tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    described = "".join(
        f"- config_name: {config}\n  data_files:\n  - split: train\n    path: {config}/train.json\n"
        for config in samples.MEDIQAL
    )
    for config, rows in samples.MEDIQAL.items():
        samples._file(hub / config / "train.json", json.dumps(rows, ensure_ascii=False))
    samples._file(hub / "README.md", f"---\nconfigs:\n{described}---\n")
    documents = pulled("mediqal", str(hub), tmp_path)
    assert [document.id for document in documents] == ["mediqal:m1", "mediqal:m2"]


def test_dialogues_of_the_hub_are_read_with_their_labelled_speakers(tmp_path: Path) -> None:
    hub = repository(
        tmp_path / "hub",
        {
            "train.parquet": [
                {
                    "file_name": "a.txt",
                    "dialogue_id": 5,
                    "dialogue_url": "https://www.icliniq.com/qa/5",
                    "dialogue_turns": [
                        {"speaker": 0, "utterance": "Is it catching?"},
                        {"speaker": 1, "utterance": "It is not."},
                    ],
                }
            ]
        },
    )
    [document] = pulled("meddialog", hub, tmp_path)
    assert document.id == "meddialog:5"
    assert (document.sections[0].heading, document.sections[0].text) == ("Is it catching?", "It is not.")


def test_conversations_and_preferences_of_the_hub_are_read(tmp_path: Path) -> None:
    instructions = repository(tmp_path / "told", {"data/train-0.parquet": samples.ULTRAMEDICAL})
    assert len(pulled("ultramedical", instructions, tmp_path)) == 2
    preferred = repository(tmp_path / "preferred", {"data/train-0.parquet": samples.PREFERENCES})
    assert len(pulled("ultramedical-preference", preferred, tmp_path)) == 2


def test_the_pharmacy_questions_of_the_parquet_mirror_are_read(tmp_path: Path) -> None:
    hub = repository(
        tmp_path / "hub",
        {
            "data/train-0.parquet": [
                {
                    "id": "f9",
                    "question": "Laquelle ?",
                    "answer_a": "Une",
                    "answer_b": "Deux",
                    "answer_c": "Trois",
                    "answer_d": "Quatre",
                    "answer_e": "Cinq",
                    "correct_answers": 4,
                    "number_correct_answers": 0,
                }
            ]
        },
    )
    [document] = pulled("frenchmedmcqa", hub, tmp_path)
    assert document.sections[0].text == "E. Cinq"


def test_a_hub_that_does_not_have_the_set_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"missing: the hub did not give it .*MEDPIPE_CURATED"):
        pulled("medqa", str(tmp_path / "missing"), tmp_path)


def test_the_hub_is_not_asked_when_offline_or_when_a_local_copy_is_there(tmp_path: Path) -> None:
    sets = {"medqa": SETS["medqa"]._replace(hub=str(tmp_path / "missing"))}
    with pytest.raises(SourceError, match="no file of it"):
        list(CuratedSource(tmp_path, "medqa", True, sets=sets).pull(*EVER))
    samples.write("medqa", tmp_path)
    assert len(list(CuratedSource(tmp_path, "medqa", False, sets=sets).pull(*EVER))) == 1
