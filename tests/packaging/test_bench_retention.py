"""`make bench-retention`: what docs/models.md says of EWC holds in the recorded figures, and they make a table."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("transformers", reason="the extra `train` is not installed")

from bench.retention_methods import RESULT, table

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
