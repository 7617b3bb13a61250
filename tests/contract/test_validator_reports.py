"""Great Expectations as a tool: its report pages, suites that cannot work, and checks that cannot be made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from medpipe.backends.gx.validator import GxValidator
from medpipe.errors import ConfigError, NotFound
from tests.contract.suite_rows import GOOD, SECRET, feedback


def test_the_report_never_shows_what_users_wrote(validator: GxValidator, tmp_path: Path) -> None:
    rows = [
        feedback(1, question=SECRET, answer=SECRET, correction=SECRET + "x" * 5000, rating="sideways"),
        feedback(2, question=SECRET),
        feedback(3, question=SECRET),
    ]
    validator.validate(rows, "feedback", "private")
    pages = list((tmp_path / "docs").rglob("*.html"))
    assert pages
    assert all(SECRET not in page.read_text(encoding="utf-8") for page in pages)


def test_runs_share_the_styles_of_their_pages(validator: GxValidator, tmp_path: Path) -> None:
    for name in ("one", "two"):
        validator.validate(GOOD, "documents", name)
        assert (tmp_path / "docs" / "documents" / name / "static" / "styles").is_dir()
    assert len([path for path in (tmp_path / "docs").rglob("styles") if not path.parent.is_symlink()]) == 1


def test_a_second_run_of_the_same_name_replaces_the_page(validator: GxValidator, tmp_path: Path) -> None:
    for _ in range(2):
        validator.validate(GOOD, "documents", "again")
    assert len(list((tmp_path / "docs" / "documents" / "again" / "validations").rglob("*.html"))) == 1


def test_a_check_that_cannot_be_made_stops_the_batch(tmp_path: Path) -> None:
    suite = {
        "name": "documents",
        "meta": {"max_rejected_share": 0.5},
        "expectations": [
            {
                "type": "expect_column_values_to_not_be_null",
                "kwargs": {"column": "no_such"},
                "meta": {"scope": "row"},
                "notes": ["It has a column."],
            }
        ],
    }
    (tmp_path / "documents.json").write_text(json.dumps(suite))
    result = GxValidator(tmp_path, tmp_path / "docs").validate(GOOD, "documents", "d")
    assert result.reasons == ("It has a column. (could not be checked: see the report)",)


EXPECTATION = {
    "type": "expect_table_row_count_to_be_between",
    "kwargs": {},
    "notes": ["It has rows."],
    "meta": {"scope": "batch"},
}


@pytest.mark.parametrize(
    ("meta", "expectation", "place"),
    [
        ({"max_rejected_share": 1}, {"meta": {}}, r"expectation 2, meta\.scope: Field required"),
        ({"max_rejected_share": 1}, {"meta": {"scope": "rows"}}, r"expectation 2, meta\.scope: Input should be 'row'"),
        ({"max_rejected_share": 1}, {"notes": []}, "expectation 2, notes"),
        ({"max_rejected_share": 1.5}, {}, r"meta\.max_rejected_share: Input should be less than or equal to 1"),
        ({}, {}, r"meta\.max_rejected_share: Field required"),
    ],
    ids=["no scope", "unknown scope", "no words", "impossible share", "no share"],
)
def test_a_suite_that_cannot_work_is_refused_by_file_and_field(
    tmp_path: Path, meta: dict[str, Any], expectation: dict[str, Any], place: str
) -> None:
    suite = {"name": "s", "meta": meta, "expectations": [EXPECTATION, EXPECTATION | expectation]}
    (tmp_path / "s.json").write_text(json.dumps(suite))
    with pytest.raises(ConfigError, match=rf"s\.json, {place}.*A suite needs"):
        GxValidator(tmp_path, tmp_path).validate([], "s", "n")


def test_a_suite_that_is_not_json_is_refused_by_file(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text("{")
    with pytest.raises(ConfigError, match=r"s\.json, the file: Invalid JSON"):
        GxValidator(tmp_path, tmp_path).validate([], "s", "n")


def test_a_missing_suite_is_refused_by_name(validator: GxValidator) -> None:
    with pytest.raises(NotFound, match=r"nothing\.json is missing"):
        validator.validate([], "nothing", "n")
