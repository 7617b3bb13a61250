"""Rows of artifacts: what an error may and may not say."""

from __future__ import annotations

import json

import pytest

from medpipe import record_index, records
from medpipe.core.teaching.example import Example
from medpipe.errors import Damaged


def test_a_bad_row_is_named_by_file_line_and_field_but_never_quoted(tmp_path):
    file = tmp_path / "train.jsonl"
    file.write_text(json.dumps({"question": ["my private question"], "answer": "a", "document_ids": [], "source": "s"}))
    with pytest.raises(Damaged, match=r"train\.jsonl, line 1 cannot be read as Example: question: ") as error:
        list(records.read(file, Example))
    assert "private" not in str(error.value)
    assert error.value.__suppress_context__


def test_broken_json_is_named_by_file_and_line(tmp_path):
    file = tmp_path / "train.jsonl"
    file.write_text('{"a": 1}\n{"a": ')
    with pytest.raises(Damaged, match=r"train\.jsonl, line 2 is not JSON"):
        list(records.read_rows(file))


@pytest.mark.parametrize("content", [b"[1, 2]\n", b'"text"\n', b"\xff\xfe\n", b"null\n"])
def test_a_line_that_is_not_an_object_is_named(tmp_path, content):
    (tmp_path / "train.jsonl").write_bytes(b'{"a": 1}\n' + content)
    with pytest.raises(Damaged, match=r"train\.jsonl, line 2 is not"):
        list(records.read_rows(tmp_path / "train.jsonl"))


def test_a_file_that_is_missing_from_an_artifact_is_named(tmp_path):
    with pytest.raises(Damaged, match=r"train\.jsonl is missing"):
        list(records.read_rows(tmp_path / "train.jsonl"))


def test_rows_come_back_in_order_and_are_counted(tmp_path):
    rows = [{"text": "a\u2028b", "n": number} for number in range(3)]
    assert records.write_rows(tmp_path / "deep" / "rows.jsonl", rows) == 3
    assert list(records.read_rows(tmp_path / "deep" / "rows.jsonl")) == rows


def test_one_row_is_read_by_its_number_from_0(tmp_path):
    file = tmp_path / "rows.jsonl"
    records.write_rows(file, [{"n": number} for number in range(3)])
    assert [records.row_at(file, number) for number in (0, 2, 3)] == [{"n": 0}, {"n": 2}, None]
    file.write_text('{"n": 0}\nhalf')
    with pytest.raises(Damaged, match=r"rows\.jsonl, line 2 is not JSON"):
        records.row_at(file, 1)
    with pytest.raises(Damaged, match=r"other\.jsonl is missing"):
        records.row_at(tmp_path / "other.jsonl", 0)


@pytest.mark.parametrize(
    "content", ['{"id": "a"}\n{"id"', '{"id": "a"}\n{"n": 1}\n', '{"id": "a"}\n{"id": 2}\n', "half"]
)
def test_a_damaged_index_is_named(tmp_path, content):
    (tmp_path / "index.jsonl").write_text(content)
    with pytest.raises(Damaged, match=r"index\.jsonl"):
        list(record_index.lookup(tmp_path / "index.jsonl", "b"))


def test_a_damaged_value_is_named_by_file_and_field_but_never_quoted(tmp_path):
    (tmp_path / "one.json").write_text('{"question": ["my private question"], "answer": "a"}')
    with pytest.raises(Damaged, match=r"one\.json cannot be read as Example: question: ") as error:
        records.read_value(tmp_path / "one.json", Example)
    assert "private" not in str(error.value)
    (tmp_path / "one.json").write_text("half")
    with pytest.raises(Damaged, match=r"one\.json cannot be read as Example: file: Invalid JSON"):
        records.read_value(tmp_path / "one.json", Example)


def test_a_missing_or_damaged_text_is_named(tmp_path):
    with pytest.raises(Damaged, match=r"card\.md is missing"):
        records.read_text(tmp_path / "card.md")
    (tmp_path / "card.md").write_bytes(b"\xff")
    with pytest.raises(Damaged, match=r"card\.md is not UTF-8"):
        records.read_text(tmp_path / "card.md")
    (tmp_path / "card.md").write_text("é")
    assert records.read_text(tmp_path / "card.md") == "é"


def test_rows_are_counted_and_chosen_without_parsing_the_others(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text('{"n": 0}\nnot JSON\n{"n": 2}\n')
    assert records.count(file) == 3
    assert list(records.rows_at(file, {0, 2})) == [(0, {"n": 0}), (2, {"n": 2})]
    with pytest.raises(Damaged, match=r"rows\.jsonl, line 2 is not JSON"):
        list(records.rows_at(file, {1}))
    with pytest.raises(Damaged, match="is missing from its artifact"):
        records.count(tmp_path / "other.jsonl")
