"""`make bench`: a wrong result prevents its figure, and the recorded figures become the table."""

from __future__ import annotations

import importlib
import json
from argparse import Namespace
from pathlib import Path

import pytest

from bench import decontamination, measuring, near_duplicates, parsing, run

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("name", run.MODULES)
def test_recorded_figures_become_rows_of_the_table(name: str) -> None:
    module = importlib.import_module(f"bench.{name}")
    figures = json.loads((run.RESULTS / f"{module.NAME}.json").read_text())
    rows = module.rows(figures)
    assert rows
    assert all(row.startswith("| ") and row.endswith(" |") and row.count(" | ") == 1 for row in rows)


def test_only_the_part_of_the_page_between_the_marks_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- a -->\nold\n<!-- b -->\nafter\n")
    measuring.replace_between(page, "<!-- a -->", "<!-- b -->", "new")
    assert page.read_text() == "before\n<!-- a -->\n\nnew\n\n<!-- b -->\nafter\n"


def test_a_child_that_fails_gives_no_figure() -> None:
    with pytest.raises(RuntimeError, match="there is no figure"):
        measuring.run_child("bench.parsing", "no such reader", "no such file")


def test_a_reader_that_misses_a_record_gives_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "result_of", lambda process: {"records": 49, "seconds": 1.0, "peak": 1})
    monkeypatch.setattr(parsing, "MAKER", tmp_path / "no real records")
    options = Namespace(records=50, quick=False, repeats=1, folder=tmp_path)
    with pytest.raises(RuntimeError, match="49 of 50 records"):
        parsing.measure(options)


def test_missed_pairs_and_wrong_joins_lower_recall_and_precision(tmp_path: Path) -> None:
    texts = ["one two three four five", "one two three four five", "six seven eight nine ten", "other words than these"]
    file = tmp_path / "texts.json"
    file.write_text(json.dumps(texts))
    pairs = {1: 0}
    assert near_duplicates._judged([0, 0, 2, 3], file, pairs) == {"recall": 1.0, "precision": 1.0}
    assert near_duplicates._judged([0, 1, 2, 2], file, pairs) == {"recall": 0.0, "precision": 0.0}


def test_a_text_that_the_loop_finds_and_medpipe_does_not_stops_the_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_child(module: str, which: str, file: Path) -> dict[str, object]:
        result = measuring.run_child(module, which, file)
        return {**result, "overlaps": result["overlaps"][1:]} if which == "ours" else result

    monkeypatch.setattr(decontamination, "run_child", run_child)
    with pytest.raises(RuntimeError, match="came out wrong"):
        decontamination.measure(Namespace(quick=True, folder=tmp_path))
