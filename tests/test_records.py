"""Rows of artifacts: what an error may and may not say."""

from __future__ import annotations

import json

import pytest

from medpipe import records
from medpipe.core.teaching.example import Example
from medpipe.errors import MedpipeError


def test_a_bad_row_is_named_by_file_line_and_field_but_never_quoted(tmp_path):
    file = tmp_path / "train.jsonl"
    file.write_text(json.dumps({"question": ["my private question"], "answer": "a", "document_ids": [], "source": "s"}))
    with pytest.raises(MedpipeError, match=r"train\.jsonl, line 1: not a Example: question: ") as error:
        list(records.read(file, Example))
    assert "private" not in str(error.value)
    assert error.value.__suppress_context__


def test_broken_json_is_named_by_file_and_line(tmp_path):
    file = tmp_path / "train.jsonl"
    file.write_text('{"a": 1}\n{"a": ')
    with pytest.raises(MedpipeError, match=r"train\.jsonl, line 2: not JSON"):
        list(records.read_rows(file))
