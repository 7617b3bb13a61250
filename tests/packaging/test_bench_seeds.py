"""`make bench-seeds`: each run of the demo is a column of the README's table, also one that ended early."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bench import seeds


def metric(value: float, n: int = 40) -> dict[str, Any]:
    return {"value": value, "low": value - 0.1, "high": value + 0.1, "n": n}


def judged(recipe: str = "tiny-sft", promoted: bool = True, **scores: tuple[float, float]) -> dict[str, Any]:
    named = {name.replace("_", "-"): pair for name, pair in scores.items()}
    return {
        "recipe": recipe,
        "promoted": promoted,
        "reasons": ["a text"],
        "incumbent_metrics": {name: metric(before) for name, (before, _) in named.items()},
        "metrics": {name: metric(after) for name, (_, after) in named.items()},
    }


@pytest.fixture
def report() -> dict[str, Any]:
    """A report with the keys of `report.json`."""
    return {
        "days": [judged(new_knowledge=(0.0, 0.9)), judged(new_knowledge=(0.0, 0.8), old_knowledge=(0.9, 0.7))],
        "challengers": [
            judged("tiny-sft-shuffled", False, old_knowledge=(0.9, 0.0)),
            judged("tiny-sft-no-replay", False, old_knowledge=(0.9, 0.1)),
        ],
        "withdrawal": judged(withdrawn=(0.5, 0.0))
        | {"claim_before": 1.0, "claim_after": 0.0, "precisions": [{"assertions": 1, "probes": 30}] * 3},
        "feedback": judged(preferences=(0.0, 1.0), old_knowledge=(0.9, 0.85)) | {"train": 92},
        "swap": {"total_requests": 199, "failed_requests": 0},
        "rollback": {"total_requests": 37, "failed_requests": 0, "champion": "a", "serving": "b"},
        "seconds": {"total": 803.4},
        "memory_gib": 5.6,
        "versions": {"torch": "2"},
    }


def test_a_row_has_the_scores_before_and_after_with_interval_and_count(report: dict[str, Any]) -> None:
    rows = seeds.table({"17": seeds.kept(report)}).splitlines()
    assert "| 0.900 → 0.700 [0.60, 0.80], n 40 |" in next(row for row in rows if "were not replayed" in row)
    assert "0.900 → 0.000 [-0.10, 0.10], n 40: held" in next(row for row in rows if row.startswith("| control"))
    assert "| 20 of 40 → 0 of 40 |" in next(row for row in rows if "the weights assert" in row)
    assert "| 3 of 90 |" in next(row for row in rows if "certificate" in row)
    assert "| 37; 0; yes |" in next(row for row in rows if row.startswith("| rollback"))
    assert "13 min 23 s" in rows[-2]


def test_a_run_that_ended_early_leaves_its_column_empty_and_says_why(report: dict[str, Any]) -> None:
    text = seeds.described({"17": seeds.kept(report), "5": {"failed": "Unexpected the control was promoted"}})
    assert all(row.split(" | ")[-1] == "– |" for row in text.splitlines()[2 : 2 + len(seeds.ROWS)])
    assert text.endswith("The run of seed 5 ended early: Unexpected the control was promoted")


def test_texts_and_refs_are_not_recorded(report: dict[str, Any]) -> None:
    assert "a text" not in json.dumps(seeds.kept(report))
