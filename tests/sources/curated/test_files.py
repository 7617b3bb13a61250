"""Rows of local files: every kind gives the same rows, one at a time, and a broken file names its place."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medpipe.errors import SourceError
from medpipe.sources.curated import files
from medpipe.sources.curated.entry import BadRow
from medpipe.sources.curated.sets import TEST

ROWS = [{"id": str(number), "question": f"Why, “{number}”?"} for number in range(3)]


def _csv() -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, ["id", "question"])
    writer.writeheader()
    writer.writerows(ROWS)
    return out.getvalue().encode()


def _parquet() -> bytes:
    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), out)
    return out.getvalue()


LINES = "".join(json.dumps(row) + "\n\n" for row in ROWS).encode()
KINDS = {
    "rows.jsonl": LINES,
    "rows.jsonl.gz": gzip.compress(LINES),
    "lines.json": LINES,
    "list.json": json.dumps(ROWS, indent=2).encode(),
    "marked.json": b"\xef\xbb\xbf" + json.dumps(ROWS).encode(),
    "list.json.gz": gzip.compress(json.dumps(ROWS).encode()),
    "rows.csv": _csv(),
    "rows.csv.gz": gzip.compress(_csv()),
    "rows.parquet": _parquet(),
}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_file_gives_the_same_rows(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(KINDS[name])
    assert [row for _, row in files.rows(path)] == ROWS


@pytest.mark.parametrize("name", [name for name in KINDS if "csv" not in name])
def test_a_file_that_was_cut_off_is_an_error_that_names_it(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(KINDS[name][:-25])
    with pytest.raises(SourceError, match=path.name.replace(".", r"\.")):
        list(files.rows(path))


def test_a_line_that_is_not_json_or_not_utf_8_costs_itself(tmp_path: Path) -> None:
    first, second, *others = KINDS["rows.jsonl"].splitlines(keepends=True)
    path = tmp_path / "rows.jsonl"
    path.write_bytes(
        b"".join((first.replace(b"Why", b"Qu\xe9"), b"{broken\n", second, b"[" * 200_000 + b"\n", *others))
    )
    placed = list(files.rows(path))
    bad = {place.rpartition(", ")[2]: str(row) for place, row in placed if isinstance(row, BadRow)}
    assert bad == {
        "line 1": "not UTF-8, or a number that is too long",
        "line 2": "Expecting property name enclosed in double quotes",
        "line 4": "nested without end",
    }
    assert [row for _, row in placed if not isinstance(row, BadRow)] == ROWS[1:]


@pytest.mark.parametrize("name", ["list.json", "rows.csv"])
def test_a_file_in_another_encoding_is_damaged(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(KINDS[name].replace(b"Why", b"Qu\xe9"))
    with pytest.raises(SourceError, match="broken off or damaged"):
        list(files.rows(path))


def test_an_empty_list_has_no_rows_and_an_empty_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(" [ ] ")
    assert list(files.rows(tmp_path / "a.json")) == []
    (tmp_path / "b.json").write_text("")
    with pytest.raises(SourceError, match=r"b\.json"):
        list(files.rows(tmp_path / "b.json"))


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
_RECORDS = st.dictionaries(st.text(), _VALUES, max_size=4)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(records=st.lists(_RECORDS, max_size=6), chunk=st.integers(1, 40), indent=st.sampled_from([None, 1]))
def test_a_list_of_any_records_is_read_whole_wherever_the_pieces_end(
    records: list[dict[str, Any]], chunk: int, indent: int | None, tmp_path: Path
) -> None:
    path = tmp_path / "records.json"
    path.write_text(json.dumps(records, indent=indent), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_CHUNK", chunk)
        assert [row for _, row in files.rows(path)] == records


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(records=st.dictionaries(st.text(), _RECORDS, max_size=6), chunk=st.integers(1, 40))
def test_an_object_of_any_records_is_read_whole_with_its_keys(
    records: dict[str, dict[str, Any]], chunk: int, tmp_path: Path
) -> None:
    path = tmp_path / "records.json"
    path.write_text(json.dumps(records, ensure_ascii=False), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_CHUNK", chunk)
        assert [row for _, row in files.keyed(path)] == [{**row, "key": key} for key, row in records.items()]


def test_the_place_of_a_bad_record_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"a": 1}, {"a": 2}, {"a": oops}]')
    placed = files.rows(path)
    assert [next(placed)[0], next(placed)[0]] == [f"{path}, record 1", f"{path}, record 2"]
    with pytest.raises(SourceError, match=r"a\.json, record 3: not a record"):
        next(placed)


def test_hidden_files_and_descriptions_are_no_data(tmp_path: Path) -> None:
    for name in (".git/a.json", "dataset_infos.json", "README.json", "data/train.json", "data/test.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("[]")
    read, left = files.data_files(tmp_path, files.KINDS, TEST)
    assert [path.name for path in read] == ["train.json"]
    assert [path.name for path in left] == ["test.json"]


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("data/test-00000-of-00001.parquet", True),
        ("test.json", True),
        ("TREC-2017-LiveQA-Medical-Test.xml", True),
        ("MEDIQA2019-Task3-QA-TestSet-wLabels.xml", True),
        ("TestDataset/a.xml", True),
        ("pqal_fold0/test_set.json", True),
        ("phrases_no_exclude_test.jsonl", True),
        ("train.json", False),
        ("pqal_nontest_500.jsonl.gz", False),
        ("latest.json", False),
        ("validation.json", False),
    ],
)
def test_a_benchmarks_file_is_known_by_its_name(name: str, left: bool) -> None:
    assert bool(TEST.search(name)) == left


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('[{"a": 1}, {"a": 2}', 2),
        ('[{"a": 1}, {"a": "secret', 1),
        ('[{"a": 1} {"a": 2}]', 1),
        ('[{"a": 1}] and more', 1),
        ('[{"a": NaN}]', 0),
        ('[{"a": 1' + "0" * 5000 + "}]", 0),
        ('[{"b": "' + "x" * 65_000 + '", "a": 1' + "0" * 5000 + "}]", 0),
        ('[{"a": 1e99999999999999999999}]', 0),
        ("[" + "[" * 200_000, 0),
    ],
    ids=[
        "no end",
        "cut text",
        "no comma",
        "more after the end",
        "NaN",
        "an endless number",
        "one in two pieces",
        "a huge number",
        "endless lists",
    ],
)
def test_a_broken_list_gives_what_is_before_the_fault_and_an_error_without_texts(
    text: str, read: int, tmp_path: Path
) -> None:
    path, whole = tmp_path / "a.json", list[object]()
    path.write_text(text)
    with pytest.raises(SourceError, match=r"a\.json") as caught:
        for _, row in files.rows(path):
            whole.append(row)
    assert len(whole) == read
    assert "secret" not in str(caught.value) and len(str(caught.value)) < 300 + len(str(path))


def test_a_record_that_does_not_end_is_given_up_at_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_CHUNK", 100)
    monkeypatch.setattr(files, "_LARGEST", 1000)
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"a": "x" * 900}, {"a": "x" * 900}]))
    assert len(list(files.rows(path))) == 2
    path.write_text(json.dumps([{"a": "x" * 900}, {"a": "x" * 2000}]))
    with pytest.raises(SourceError, match=r"a\.json, record 2: not a record \(longer than 1000 characters\)"):
        list(files.rows(path))


def test_memory_does_not_grow_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_CHUNK", 1 << 14)

    def peak(records: int, reader: Any) -> int:
        path = tmp_path / f"{records}.json"
        row = {"question": "why " * 100, "number": 1.5}
        values = (
            json.dumps({str(n): row for n in range(records)}) if reader is files.keyed else json.dumps([row] * records)
        )
        path.write_text(values)
        tracemalloc.start()
        count = sum(1 for _ in reader(path))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert count == records
        return most

    for reader in (files.rows, files.keyed):
        reader_peaks = [peak(records, reader) for records in (500, 10_000)]
        assert reader_peaks[1] < 1.5 * reader_peaks[0] + 100_000, "4 MB against 200 KB"
