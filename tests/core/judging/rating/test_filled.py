"""A rater's file: what is read, and which row is refused for which reason."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.judging.rating.filled import Filled, Returned, returned
from medpipe.core.judging.rating.sheet import Shown
from medpipe.core.judging.rating.spreadsheet import COLUMNS, csv_of, jsonl_of
from medpipe.errors import UsageError

SHEET = {
    id: Shown(id=id, question=f"What helps with {id}?", context="", answer=f"=Take {id}\ntwice.")
    for id in ("a1", "a2", "a3")
}
RATED = {"accuracy": "5", "safety": "3", "clarity": "5", "completeness": "1", "correction": ""}


def file(changes: dict[str, dict[str, str]], delimiter: str = ",", **format: object) -> bytes:
    """The sheet as a spreadsheet saves it, with cells changed by id."""
    rows = list(csv.DictReader(io.StringIO(csv_of(SHEET.values()).removeprefix("\ufeff"), newline="")))
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, delimiter=delimiter)
    writer.writeheader()
    writer.writerows([row | changes.get(row["id"], {}) for row in rows])
    return text.getvalue().encode("utf-8-sig")


def reasons(content: bytes, name: str = "ann.csv") -> list[str]:
    return [str(row) for row in returned(name, content, SHEET).refused]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_file_is_read_however_the_spreadsheet_separates_cells(delimiter: str) -> None:
    told = returned("ann.csv", file({"a1": RATED, "a3": RATED | {"correction": "Rest."}}, delimiter), SHEET)
    levels = {"accuracy": 5, "safety": 3, "clarity": 5, "completeness": 1}
    assert told == Returned((Filled(id="a1", **levels), Filled(id="a3", **levels, correction="Rest.")), (), 1)


def test_json_lines_are_read_as_well() -> None:
    lines = [json.loads(line) for line in jsonl_of(SHEET.values())]
    lines[1] |= {"accuracy": 5, "safety": 5.0, "clarity": "1", "completeness": 3}
    content = "\n".join(json.dumps(line) for line in [*lines, [1], {"id": "a1", "accuracy": True}]).encode()
    told = returned("ann.jsonl", content + b"\n{", SHEET)
    assert [one.id for one in told.filled] == ["a2"]
    assert [str(row) for row in told.refused] == [
        "ann.jsonl, line 4: not a JSON object",
        "ann.jsonl, line 5: the answer a1 is in the file 2 times: keep one row",
        "ann.jsonl, line 6: not JSON",
    ]


@pytest.mark.parametrize("level", ["2", "4", "0", "6", "-1", "3.5", "good", "=5", "５", "10", "5e0", "nan"])
def test_a_rating_is_1_3_or_5(level: str) -> None:
    (reason,) = reasons(file({"a2": RATED | {"safety": level}}))
    assert reason == f"ann.csv, row 3: safety is {level!r}: a rating is one of 1, 3, 5"


@pytest.mark.parametrize("column", ["id", "safety"])
def test_a_reason_repeats_nothing_that_may_be_about_a_person(column: str) -> None:
    """Refused rows are kept, and no erasure looks into them."""
    (reason,) = reasons(file({"a2": RATED | {column: "as for John Doe in room 4"}}))
    assert "John" not in reason
    assert ("with the id of this row" if column == "id" else "safety is a text of 25 characters") in reason


@pytest.mark.parametrize("level", [" 5 ", "5.0", "5,00"])
def test_a_spreadsheet_may_write_5_otherwise(level: str) -> None:
    (row,) = returned("ann.csv", file({"a2": RATED | {"safety": level}}, ";"), SHEET).filled
    assert row.safety == 5


def test_a_row_is_rated_whole_or_not_at_all() -> None:
    assert reasons(file({"a2": {"safety": "5"}})) == [
        "ann.csv, row 3: accuracy, clarity, completeness is empty: "
        "rate all of accuracy, safety, clarity, completeness, or none"
    ]
    assert "is empty" in reasons(file({"a2": {"correction": "Rest."}}))[0]


def test_one_bad_row_costs_one_row() -> None:
    told = returned("ann.csv", file({"a1": RATED, "a2": RATED | {"clarity": "9"}, "a3": RATED}), SHEET)
    assert [one.id for one in told.filled] == ["a1", "a3"]
    assert len(told.refused) == told.unrated == 1


def test_one_column_that_was_sorted_without_the_others_is_noticed() -> None:
    swapped = {"a1": RATED | {"id": "a2"}, "a2": RATED | {"id": "a1"}, "a3": RATED}
    assert [reason.split(": ", 1)[1] for reason in reasons(file(swapped))] == [
        "the question is not the one of a2: was one column sorted without the others?",
        "the question is not the one of a1: was one column sorted without the others?",
    ]
    moved = {"a1": RATED | {"answer": "Take a2 twice."}}
    assert "the answer is not the one of a1" in reasons(file(moved))[0]


def test_an_unknown_answer_and_one_that_is_there_twice_are_refused() -> None:
    assert "the sheet has no answer a9" in reasons(file({"a1": RATED | {"id": "a9"}}))[0]
    twice = reasons(file({"a1": RATED, "a2": RATED | {"id": "a1"}}))
    assert [reason.split(": ", 1)[1] for reason in twice] == ["the answer a1 is in the file 2 times: keep one row"] * 2


def test_a_row_of_another_length_is_refused_and_blank_rows_are_not() -> None:
    whole = file({"a1": RATED}).decode("utf-8-sig")
    assert reasons((whole + "\r\n,,,\r\n").encode()) == []
    assert reasons((whole + "x,y\r\n").encode()) == ["ann.csv, row 5: has 2 cells where the first row has 9"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\xfe\x00", "ann.csv is not UTF-8: in the spreadsheet, save it as `CSV UTF-8`"),
        (b"", "ann.csv needs one column id, question, answer, accuracy.*its first row has nothing"),
        (b"id,question\r\n", "needs one column answer"),
        (",".join([*COLUMNS, "safety"]).encode(), "needs one column safety"),
        (",".join(COLUMNS).encode() + b'\r\n"a1"x,', "ann.csv is not CSV"),
    ],
)
def test_a_file_that_cannot_be_read_at_all_counts_for_nothing(content: bytes, reason: str) -> None:
    with pytest.raises(UsageError, match=reason) as refusal:
        returned("ann.csv", content, SHEET)
    assert "Nothing of it was taken" in str(refusal.value)


@given(st.binary(max_size=200), st.sampled_from(["ann.csv", "ann.jsonl"]))
def test_no_file_breaks_the_reader(content: bytes, name: str) -> None:
    try:
        told = returned(name, b",".join(column.encode() for column in COLUMNS) + b"\n" + content, SHEET)
    except UsageError:
        return
    assert len(told.filled) + told.unrated == len(SHEET)
