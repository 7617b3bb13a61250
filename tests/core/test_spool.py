"""Rows and numbers that wait on disk read like lists."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medpipe.core import spilled, spool
from medpipe.core.spilled import Spilled, Table
from medpipe.core.spool import Lines, Spool
from medpipe.core.teaching.example import Example

ROWS = st.lists(st.lists(st.integers(0, 2**63), max_size=9), max_size=30)


@given(values=ROWS, chosen=st.data())
def test_a_spool_reads_like_a_list_in_any_order(values: list[list[int]], chosen: st.DataObject) -> None:
    spooled = Spool(values=values)
    numbers = chosen.draw(st.lists(st.sampled_from(range(len(values))), max_size=9) if values else st.just([]))
    assert (len(spooled), list(spooled), spooled[1:3]) == (len(values), values, values[1:3])
    assert [spooled[number] for number in numbers] == [values[number] for number in numbers]
    assert list(spooled.chosen(numbers)) == [values[number] for number in numbers]


@pytest.mark.parametrize("window", [1, 7])
def test_rows_longer_than_the_window_are_read_whole(window: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "_WINDOW", window)
    values = ["a" * length for length in (40, 0, 3, 200)]
    assert list(Spool(values=values)) == values


def test_lines_are_the_json_that_a_file_of_json_lines_has() -> None:
    example = Example(question="q", answer="a", source="s", document_ids=("a:1",))
    lines = Lines(Example, values=[example])
    assert (list(lines.rows([0])), lines[0]) == ([example.model_dump_json().encode()], example)


def test_a_spool_has_no_name_in_its_folder(tmp_path: Path) -> None:
    spooled = Spool(tmp_path, ["a"])
    assert (os.listdir(tmp_path), list(spooled)) == ([], ["a"])


def test_spools_are_equal_if_their_rows_are() -> None:
    assert Spool(values=["a", "b"]) == Spool(values=["a", "b"])
    assert Spool(values=["a", "b"]) != Spool(values=["b", "a"])
    assert Spool(values=["a"]) != Spool(values=["a", "b"])


@given(rows=ROWS, chosen=st.data(), gap=st.sampled_from([0, 16, 1 << 14]), part=st.sampled_from([1, 64, 1 << 23]))
def test_spilled_numbers_are_taken_by_row(rows: list[list[int]], chosen: st.DataObject, gap: int, part: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spilled, "_GAP", gap)
        patch.setattr(spilled, "_PART", part)
        numbers = Spilled(np.uint64)
        for row in rows:
            numbers.extend(np.array(row, np.uint64), np.array([len(row)]))
        numbers.ended()
        places = sorted(chosen.draw(st.sets(st.sampled_from(range(len(rows)))) if rows else st.just(set())))
        values, lengths = numbers.taken(np.array(places, np.int64))
    assert values.tolist() == [number for place in places for number in rows[place]]
    assert lengths.tolist() == [len(rows[place]) for place in places]


def test_a_table_returns_its_columns_whole() -> None:
    table = Table(3)
    table.put(1, 0, np.array([4, 5], np.uint64))
    table.put(1, 2, np.array([6], np.uint64))
    table.put(0, 0, np.array([1, 2, 3], np.uint64))
    assert (table.column(0).tolist(), table.column(1).tolist()) == ([1, 2, 3], [4, 5, 6])


def test_a_table_that_does_not_fit_on_the_disk_is_an_error() -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    table = Table(3)
    resource.setrlimit(resource.RLIMIT_FSIZE, (12, before[1]))  # a full disk takes the beginning, too
    try:
        with pytest.raises(OSError, match="too large"):
            table.put(0, 0, np.array([1, 2, 3], np.uint64))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
