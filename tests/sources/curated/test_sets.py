"""What each set's records become."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from medpipe.core.corpus.document import Document
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.facts import decompose
from medpipe.core.teaching.options import parted
from medpipe.errors import SourceError
from medpipe.sources.curated import choices, dialogues
from medpipe.sources.curated.entry import Entry
from medpipe.sources.curated.sets import SETS
from medpipe.sources.curated.source import CuratedSource
from tests.received import bad, documents
from tests.sources.curated import samples

EVER = (date(1990, 1, 1), date(2100, 1, 1))


def pulled(name: str, below: Path) -> tuple[dict[str, Document], Mapping[str, int]]:
    """The documents of a set's sample by id, and what was left out."""
    source = CuratedSource(samples.write(name, below), name)
    return {document.id: document for document in source.pull(*EVER)}, source.drops


def test_medquad_is_read_from_its_xml_files_with_all_three_roots(tmp_path: Path) -> None:
    documents, drops = pulled("medquad", tmp_path)
    assert set(documents) == {"medquad:9_CDC_QA/0000001_1", "medquad:6_NINDS_QA/0000007", "medquad:2_GARD_QA/0000009"}
    fever = documents["medquad:9_CDC_QA/0000001_1"]
    assert (fever.focus, fever.url) == ("Velorin fever", "https://www.cdc.gov/velorin")
    assert [section.text for section in fever.sections] == [
        "Velorin fever is an invented infection.\n- It is harmless."
    ]
    assert documents["medquad:6_NINDS_QA/0000007"].title == "Tazo syndrome"
    assert documents["medquad:2_GARD_QA/0000009"].sections[0].text == "Blue thumbs."
    assert drops == {"questions without an answer were dropped": 1}


def test_pubmedqa_keeps_context_long_answer_and_decision_and_dates_by_the_end_of_the_year(tmp_path: Path) -> None:
    documents, drops = pulled("pubmedqa", tmp_path)
    long_answer, decision = documents["pubmedqa:90000001"].sections
    assert long_answer.heading == decision.heading == "Does tazomib shorten velorin fever?"
    assert long_answer.context == "METHODS: We treated ten mice.\nRESULTS: Eight got well."
    assert long_answer.text == "Tazomib shortens velorin fever in mice." and long_answer.choices == ()
    assert (decision.text, decision.choices) == ("yes", ("yes", "no", "maybe"))
    assert documents["pubmedqa:90000001"].published == date(2011, 12, 31)
    assert documents["pubmedqa:90000001"].mesh == ("Mice",)
    assert documents["pubmedqa:90000002"].published == SETS["pubmedqa"].released
    assert drops == {"questions without an answer were dropped": 1, "questions that a benchmark asks were left out": 1}


def test_a_multiple_choice_question_keeps_its_options_and_names_the_right_one_with_its_letter(tmp_path: Path) -> None:
    documents, drops = pulled("medqa", tmp_path)
    [section] = next(iter(documents.values())).sections
    assert section.choices == ("Quillin", "Tazomib", "Rest", "Tea")
    assert section.text == "B. Tazomib"
    assert drops == {"questions without an answer were dropped": 1}


def test_a_blank_option_shifts_no_letter() -> None:
    row = {"question": "Which sign?", "options": {"A": "Fever", "B": "", "C": "Cough", "D": "Gout"}, "answer_idx": "C"}
    entry = choices.medqa(row).entry
    assert entry is not None
    assert _asked(entry) == ("Which sign? A. Fever C. Cough D. Gout", "C. Cough")
    turns = [
        {"from": "human", "value": "Which sign?\nA. Fever\nB.\nC. Cough"},
        {"from": "gpt", "value": "It is C."},
    ]
    exam = dialogues.ultramedical({"id": "MedQA,1", "type": "Exam", "answer": "C", "conversations": turns}).entry
    assert exam is not None
    assert _asked(exam) == ("Which sign? A. Fever C. Cough", "C. Cough")


def _asked(entry: Entry) -> tuple[str, str]:
    document = Document(
        id="medqa:1", revision=1, source="medqa", title="", published=date(2020, 1, 1), sections=entry.sections
    )
    (fact,) = decompose(document, Data())[0]
    return fact.question, fact.answer


def test_medmcqa_is_read_whichever_number_its_options_begin_with(tmp_path: Path) -> None:
    documents, drops = pulled("medmcqa", tmp_path)
    assert {id: document.sections[0].text for id, document in documents.items()} == {
        "medmcqa:m1": "D. Cough",
        "medmcqa:m2": "A. Tazomib",
    }
    assert sum(drops.values()) == 1
    rows = [{**row, "cop": row["cop"] - 1} for row in samples.MEDMCQA[:2]]
    (tmp_path / "medmcqa" / "train.json").write_text("\n".join(map(json.dumps, rows)))
    again = CuratedSource(tmp_path, "medmcqa").pull(*EVER)
    assert [document.sections for document in again] == [document.sections for document in documents.values()]


def test_a_medmcqa_file_that_may_count_from_0_or_from_1_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "medmcqa").mkdir()
    (tmp_path / "medmcqa" / "train.json").write_text(json.dumps({**samples.MEDMCQA[0], "cop": 2}))
    with pytest.raises(SourceError, match="whether its options are counted from 0 or from 1"):
        list(CuratedSource(tmp_path, "medmcqa").pull(*EVER))


MEDQUAD_TABLES = {
    "hub.jsonl": {
        "document_id": "7",
        "document_source": "GARD",
        "document_url": "https://x",
        "question_focus": "moor flu",
        "question": "What is moor flu ?",
        "answer": "Moor flu is a fever.",
    },
    "kaggle.jsonl": {
        "question": "What is moor flu ?",
        "answer": "Moor flu is a fever.",
        "source": "GARD",
        "focus_area": "moor flu",
    },
    "pairs.jsonl": {"qtype": "information", "Question": "What is moor flu ?", "Answer": "Moor flu is a fever."},
}


@pytest.mark.parametrize("name", MEDQUAD_TABLES)
def test_medquad_is_read_from_the_tables_that_others_publish(name: str, tmp_path: Path) -> None:
    (tmp_path / "medquad").mkdir()
    (tmp_path / "medquad" / name).write_text(json.dumps(MEDQUAD_TABLES[name]))
    (document,) = CuratedSource(tmp_path, "medquad").pull(*EVER)
    (fact,) = decompose(document, Data())[0]
    assert (fact.question_type, fact.focus, fact.answer) == ("information", "moor flu", "Moor flu is a fever.")


def test_an_unknown_layout_of_medquad_is_an_error_that_lists_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "medquad").mkdir()
    (tmp_path / "medquad" / "new.jsonl").write_text('{"prompt": "secret", "reply": "secret"}')
    with pytest.raises(SourceError, match=r"it has the columns prompt, reply.*Kaggle's medquad\.csv") as error:
        list(CuratedSource(tmp_path, "medquad").pull(*EVER))
    assert "secret" not in str(error.value)


def test_several_right_answers_are_all_named(tmp_path: Path) -> None:
    french, _ = pulled("frenchmedmcqa", tmp_path)
    assert french["frenchmedmcqa:f1"].sections[0].text == "B. Fièvre; C. Pouce bleu"
    assert french["frenchmedmcqa:f1"].language == "fr"
    mediqal, _ = pulled("mediqal", tmp_path)
    assert mediqal["mediqal:m2"].sections[0].text == "A. Fièvre; C. Prurit"
    assert mediqal["mediqal:m1"].sections[0].context == "Un homme de 50 ans a le pouce bleu."


def test_a_dialogue_is_a_section_for_each_answer_with_what_was_said_before_as_its_context(tmp_path: Path) -> None:
    documents, drops = pulled("meddialog", tmp_path)
    raw = documents.pop("meddialog:17")
    assert raw.sections[0].heading == "Hi doctor, is velorin fever catching?"
    assert raw.sections[0].text == "Hi.\nIt is not."
    assert raw.url == "https://www.icliniq.com/qa/17"
    [document] = documents.values()
    first, second = document.sections
    assert (first.heading, first.context) == ("Hi, I have had velorin fever for a week.", "")
    assert (second.heading, second.text) == ("And then?", "Then it is over.")
    assert second.context == (
        "Patient: Hi, I have had velorin fever for a week.\nDoctor: It lasts ten days. Drink enough."
    )
    assert drops == {"questions without an answer were dropped": 2}


def test_liveqa_joins_the_answers_to_the_parts_of_one_message(tmp_path: Path) -> None:
    documents, drops = pulled("liveqa", tmp_path)
    [document] = documents.values()
    assert document.id == "liveqa:Q1" and document.focus == "velorin fever"
    assert document.sections[0].heading == "I have velorin fever. What is it & what helps?"
    assert document.sections[0].text == "An invented fever.\nRest helps."
    assert drops == {
        "further answers to the same part of a question were left out": 1,
        "questions without an answer were dropped": 1,
    }


def test_an_examination_question_of_ultramedical_gets_its_options_back(tmp_path: Path) -> None:
    documents, _ = pulled("ultramedical", tmp_path)
    [exam] = documents["ultramedical:MedQA,1"].sections
    assert exam.heading == "Which thumb is blue?" and exam.choices == ("The left", "The right")
    assert exam.text == "A. The left\nIt is the left one.\nSo, the answer is A."
    assert documents["ultramedical:WikiInstruct,2"].sections[0].text == "Because."


@pytest.mark.parametrize(
    ("name", "kept", "drops"),
    [
        ("ultramedical-preference", 2, {"pairs of equal answers were dropped": 1}),
        ("mediqa", 3, {"pairs with an answer of A.D.A.M., AHFS or the Mayo Clinic were dropped": 3}),
    ],
)
def test_each_pair_of_a_preference_set_is_a_document_with_the_worse_answer_beside_the_better(
    name: str, kept: int, drops: dict[str, int], tmp_path: Path
) -> None:
    documents, counted = pulled(name, tmp_path)
    assert len(documents) == kept and counted == drops
    assert all(
        section.text and section.rejected and section.text != section.rejected
        for document in documents.values()
        for section in document.sections
    )


def test_each_right_answer_of_mediqa_is_paired_with_each_wrong_one_to_the_same_question(tmp_path: Path) -> None:
    documents, _ = pulled("mediqa", tmp_path)
    ranked = [document.sections[0] for name, document in documents.items() if name.startswith("mediqa:8-")]
    assert [(section.text, section.rejected) for section in ranked] == [
        ("A virus.", "It is a fever."),
        ("The velorin virus.", "It is a fever."),
    ]


def test_a_hospitals_own_triage_items_are_revised_by_the_date_of_their_file(tmp_path: Path) -> None:
    samples.write("triage", tmp_path)
    file = tmp_path / "triage" / "emergency.jsonl"
    os.utime(file, (1_770_033_600, 1_770_033_600))  # 2026-02-02, noon in universal time
    documents = list(CuratedSource(tmp_path, "triage").pull(*EVER))
    assert [document.revision for document in documents] == [20260202, 20260202]
    assert documents[0].id == "triage:h1" and documents[0].published == date(2026, 2, 1)
    assert documents[0].counterpart == "triage:h2" and documents[0].language == "fr"
    assert documents[1].published == date(2026, 2, 2) and documents[1].licence == "The provider's own"
    assert documents[1].sections[0].choices == ("immediate", "medium", "delayed")


def test_files_of_a_benchmark_are_left_out_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="medpipe.sources.curated.source"):
        documents, _ = pulled("mediqal", tmp_path)
    assert len(documents) == 2
    assert "test.json: left out by its name" in caplog.text


def test_files_in_chinese_are_left_out(tmp_path: Path) -> None:
    samples.write("medqa", tmp_path)
    samples._file(tmp_path / "medqa" / "questions" / "Mainland" / "train.jsonl", "{broken")
    assert len(list(CuratedSource(tmp_path, "medqa").pull(*EVER))) == 1


def test_pubmedqa_without_the_list_of_its_test_half_is_not_read(tmp_path: Path) -> None:
    samples.write("pubmedqa", tmp_path)
    (tmp_path / "pubmedqa" / "data" / "test_ground_truth.json").unlink()
    with pytest.raises(SourceError, match="or give each row a column is_test"):
        list(CuratedSource(tmp_path, "pubmedqa").pull(*EVER))


def test_pubmedqa_without_a_list_is_read_where_each_row_says_that_it_is_no_test_item(tmp_path: Path) -> None:
    folder = tmp_path / "pubmedqa"
    folder.mkdir()
    rows = [
        {**samples.PUBMEDQA["90000001"], "pmid": "1", "is_test": False},
        {**samples.PUBMEDQA["90000002"], "pmid": "2", "is_test": True},
    ]
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    source = CuratedSource(tmp_path, "pubmedqa")
    assert [document.id for document in source.pull(*EVER)] == ["pubmedqa:1"]
    known = source.official_test()
    assert known.documents == {"pubmedqa:2", "pmid:2"}
    assert known.texts[0] == rows[1]["QUESTION"]


def test_the_official_test_is_what_the_list_and_the_test_files_name(tmp_path: Path) -> None:
    source = CuratedSource(samples.write("pubmedqa", tmp_path), "pubmedqa")
    assert source.official_test().documents == {"pubmedqa:90000003", "pmid:90000003"}
    folder = tmp_path / "medqa"
    folder.mkdir()
    (folder / "test.jsonl").write_text(json.dumps(samples.MEDQA[0]))
    known = CuratedSource(tmp_path, "medqa").official_test()
    assert known.texts[0] == samples.MEDQA[0]["question"]
    assert parted(known.texts[1]) == (known.texts[0], ("Quillin", "Tazomib", "Rest", "Tea"))
    assert len(known.documents) == 1


def test_an_official_test_of_which_nothing_is_at_hand_or_a_row_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nothing says which items of medqa belong"):
        CuratedSource(tmp_path, "medqa").official_test()
    (tmp_path / "medqa").mkdir()
    (tmp_path / "medqa" / "test.jsonl").write_text('{"question": "secret"}')
    with pytest.raises(SourceError, match=r"test\.jsonl, line 1: cannot be read"):
        CuratedSource(tmp_path, "medqa").official_test()


def test_what_was_left_out_is_logged_by_reason_and_without_any_text(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        pulled("pubmedqa", tmp_path)
    assert "1 questions that a benchmark asks were left out" in caplog.text
    assert "tazomib" not in caplog.text.lower()


def test_a_record_given_twice_is_one_document_and_another_text_of_its_number_is_numbered(tmp_path: Path) -> None:
    again = {**samples.FRENCHMEDMCQA[0], "question": "Autre ?"}
    folder = tmp_path / "frenchmedmcqa"
    samples._lines(folder / "a.jsonl", [samples.FRENCHMEDMCQA[0], samples.FRENCHMEDMCQA[0], again])
    source = CuratedSource(tmp_path, "frenchmedmcqa")
    assert [document.id for document in source.pull(*EVER)] == ["frenchmedmcqa:f1", "frenchmedmcqa:f1#2"]
    assert source.drops == {"records that were given twice were dropped": 1}


BAD = {
    "a right answer that is not an option": (
        "frenchmedmcqa",
        {"id": "1", "question": "Q?", "answers": {"a": "x", "b": "y"}, "correct_answers": ["e"]},
    ),
    "no options": ("medqa", {"question": "Q?", "answer_idx": "A"}),
    "no number": ("mediqal", {"question": "Q?", "correct_answers": "a"}),
    "a turn without a speaker": ("ultramedical", {"id": "1", "conversations": [{"value": "x"}]}),
    "an unknown decision": ("pubmedqa", {**samples.PUBMEDQA["90000001"], "pmid": "1", "final_decision": "secret"}),
    "an unknown label": ("triage", {"question": "secret", "label": "secret", "language": "en"}),
    "a wrong year": ("pubmedqa", {**samples.PUBMEDQA["90000001"], "pmid": "1", "YEAR": "secret"}),
    "a list": ("medqa", ["secret"]),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_record_costs_itself_and_is_named_by_file_and_line_without_its_text(fault: str, tmp_path: Path) -> None:
    name, row = BAD[fault]
    samples.write(name, tmp_path)
    whole = list(CuratedSource(tmp_path, name).pull(*EVER))
    samples._lines(tmp_path / name / "rows.jsonl", [row])  # type: ignore[list-item]
    received = list(CuratedSource(tmp_path, name).pull(*EVER))
    assert len(documents(received)) == len(whole)
    [said] = bad(received)
    assert "rows.jsonl, line 1: " in said and "secret" not in said


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<html/>", "its root is html"),
        ("<Document id='1'>", "broken after 0 whole records"),
        ("<Document/>", "its root has no id"),
    ],
)
def test_a_medquad_file_that_cannot_be_read_costs_its_one_record(text: str, reason: str, tmp_path: Path) -> None:
    samples.write("medquad", tmp_path)
    whole = list(CuratedSource(tmp_path).pull(*EVER))
    samples._file(tmp_path / "medquad" / "9_CDC_QA" / "1.xml", text)
    received = list(CuratedSource(tmp_path).pull(*EVER))
    assert documents(received) == whole
    [said] = bad(received)
    assert f"1.xml, record 1: {reason}" in said.replace("1.xml: ", "")


def test_a_set_that_is_nowhere_says_where_to_put_it(tmp_path: Path) -> None:
    with pytest.raises(
        SourceError,
        match=r"set MEDPIPE_CURATED to the folder that has `pubmedqa`; or set "
        r"MEDPIPE_OFFLINE=false to take qiaojin/PubMedQA from the hub",
    ):
        list(CuratedSource(tmp_path, "pubmedqa").pull(*EVER))
    with pytest.raises(SourceError, match=r"it is published at https://github\.com/UCSD-AI4H/Medical-Dialogue-System"):
        list(CuratedSource(None, "meddialog", offline=False).pull(*EVER))
