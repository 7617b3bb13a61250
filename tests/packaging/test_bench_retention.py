"""`make bench-retention`: what docs/models.md says of EWC holds in the recorded figures, and they make a table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("transformers", reason="the extra `train` is not installed")

from bench.retention_methods import RESULT, Journal
from bench.retention_methods_table import table

FIGURES = json.loads(RESULT.read_text(encoding="utf-8"))


def test_ewc_keeps_what_is_lost_without_it_and_learns_the_news() -> None:
    for seed in FIGURES["seeds"].values():
        by_arm = {row["arm"]: row for row in seed["methods"] if row["steps"] == "large steps"}
        (kept, old), (learned, new) = by_arm["EWC"]["old"], by_arm["EWC"]["new"]
        assert kept >= 0.9 * old > by_arm["nothing"]["old"][0]
        assert learned >= 0.9 * new


def test_the_figures_make_a_table_with_a_row_for_each_method() -> None:
    lines = table(FIGURES).splitlines()
    assert any(line.startswith("| EWC | large steps | 0.968 (0.97)") for line in lines), lines


def test_three_seeds_are_reported_by_their_median_and_each_by_itself() -> None:
    def seed(old: int) -> dict[str, object]:
        row = {"arm": "EWC", "steps": "large steps", "old": [old, 10], "new": [9, 10], "tokens": 1000}
        way = {"all": [old, 10], "old": [old, 10], "new": [9, 10], "tokens": 2000}
        return {"methods": [row], "updates": {"each from the last": way}}

    lines = table({"seeds": {"1": seed(9), "2": seed(0), "3": seed(8)}}).splitlines()
    assert "| EWC | large steps | 0.800 (0.90, 0.00, 0.80) | 0.900 (0.90, 0.90, 0.90) | 1,000 |" in lines
    assert any(line.startswith("| each from the last | 0.800 (0.90, 0.00, 0.80)") for line in lines)


def test_a_run_that_was_killed_does_not_measure_again_what_it_has(tmp_path: Path) -> None:
    Journal(tmp_path / "measured.json").once("EWC", lambda: {"old": [1, 2]})
    again = Journal(tmp_path / "measured.json")
    assert again.once("EWC", lambda: pytest.fail("measured again")) == {"old": [1, 2]}
    assert again.once("L2", lambda: 3) == 3
