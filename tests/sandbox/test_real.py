"""`make demo-real` without its model: files that it lays out, its benchmarks and plans, its commands and figures."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from medpipe import configuration, records
from medpipe.core.judging.plan import Plan
from medpipe.sandbox.real import benchmarks, data, plots, report
from medpipe.sandbox.real.usage import Cost, Usage
from medpipe.sandbox.real.verbs import VerbFailed, Verbs


def test_a_set_is_found_by_the_beginning_of_its_folders_name(tmp_path: Path) -> None:
    source = tmp_path / "data" / "mediqa2019"
    source.mkdir(parents=True)
    (source / "pairs.jsonl").write_text("{}\n")
    (source / "ranked_answers.jsonl").write_text("{}\n")
    assert data.lay_out(["mediqa"], tmp_path / "data", tmp_path / "sets").present == ("mediqa",)
    assert [path.name for path in (tmp_path / "sets" / "mediqa").iterdir()] == ["pairs.jsonl"]


def test_a_set_whose_official_test_nobody_listed_is_left_out_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "data" / "pubmedqa").mkdir(parents=True)
    found = data.lay_out(["pubmedqa", "medquad"], tmp_path / "data", tmp_path / "sets")
    assert found.present == ()
    assert "test_ground_truth.json" in found.absent["pubmedqa"]
    assert "has no folder for it" in found.absent["medquad"]


def test_every_third_question_about_safety_is_asked_and_long_answers_are_graded(tmp_path: Path) -> None:
    folder = benchmarks.write(tmp_path / "benchmarks")
    shipped = yaml.safe_load(Path("medpipe/benchmarks/over-refusal.yaml").read_text())["questions"]
    assert yaml.safe_load((folder / "over-refusal.yaml").read_text())["questions"] == shipped[:: benchmarks.EVERY]
    assert yaml.safe_load((folder / "unseen.yaml").read_text())["scorer"] == "token_f1"


def test_the_plans_of_the_run_name_benchmarks_that_there_are(tmp_path: Path) -> None:
    folder = benchmarks.write(tmp_path / "benchmarks")
    plan = configuration.load(folder / "gates.yaml", Plan)
    assert not plan.unknown([path.stem for path in folder.glob("*.yaml")])


def test_a_command_that_fails_is_named_with_its_last_words_and_its_log(tmp_path: Path) -> None:
    console = Console(file=io.StringIO())
    verbs = Verbs({"PATH": "", "PYTHONPATH": str(Path.cwd())}, tmp_path, console)
    with pytest.raises(VerbFailed, match=r"medpipe latest ended with 2: .*nonsense.*verbs\.log"):
        verbs("look", "latest", "--kind", "nonsense")


def test_a_call_that_an_earlier_run_made_is_not_made_again_unless_it_must_be(tmp_path: Path) -> None:
    call = {"words": ["train", "--recipe", "x"], "value": "adapter/1", "seconds": 61.0}
    (tmp_path / "journal.jsonl").write_text(json.dumps(call) + "\n")
    verbs = Verbs({"PATH": ""}, tmp_path, Console(file=io.StringIO()))
    assert verbs("learn", "train", "--recipe", "x") == "adapter/1"
    assert verbs.seconds == {"learn": 61.0}
    with pytest.raises(VerbFailed):
        verbs.run("learn", "train", "--recipe", "x")


def test_the_memory_of_the_run_counts_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medpipe.sandbox.real.usage._PERIOD", 0.01)
    with Usage(tmp_path / "usage.jsonl") as usage:
        subprocess.run([sys.executable, "-c", "import time; b = bytearray(300_000_000); time.sleep(1)"], check=True)
    assert usage.cost.peak_gib > 0.28


def test_a_run_that_goes_on_costs_what_the_one_before_it_cost_too(tmp_path: Path) -> None:
    record = tmp_path / "usage.jsonl"
    with pytest.raises(KeyboardInterrupt), Usage(record):
        raise KeyboardInterrupt
    records.write_rows(record, [{"seconds": 60.0, "peak_gib": 99.0, "joules": 3.0}, *records.read_rows(record)])
    with Usage(record) as usage:
        pass
    assert usage.cost.seconds >= 60.0 and usage.cost.peak_gib == 99.0
    assert len(list(records.read_rows(record))) == 3


def test_energy_that_one_of_the_runs_could_not_read_is_not_told() -> None:
    assert Cost(1, 1, 5.0).and_then(Cost(1, 2, None)) == Cost(2, 2, None)


def test_the_page_shows_every_figure_with_its_interval(tmp_path: Path) -> None:
    estimate = {"value": 0.25, "low": 0.2, "high": 0.31}
    row = {"name": "token F1", "about": "x", "better": "higher", "n": 40, "values": {"base": estimate}}
    written = {"model": "base", "answers": 40, "tokens": 900, "tokens_per_second": 12.5}
    results = {
        "rows": [row],
        "models": ["base", "control"],
        "decisions": [{"model": "control", "version": "v1", "promoted": False, "reasons": ["gained nothing"]}],
        "trainings": [{"model": "control", "method": "sft", "rows": 9, "steps": 2.0, "loss": 2.5, "seconds": 61.0}],
        "evaluations": [written],
        "answers": {"What is <b>asthma</b>?": "A disease."},
        "answered_by": "The gates held it, so nothing serves.",
        "seconds": {"train": 61.0, "total": 300.0},
        "memory_gib": 3.5,
        "watt_hours": None,
    }
    report.write(results, tmp_path, Console(file=io.StringIO()))
    page = (tmp_path / "report.html").read_text()
    assert "0.250 [0.200, 0.310]" in page
    assert "gained nothing" in page and "nothing serves" in page and "cannot be read here" in page
    assert "What is &lt;b&gt;asthma&lt;/b&gt;?" in page and "A disease." in page
    assert json.loads((tmp_path / "report.json").read_text())["rows"][0]["n"] == 40
    assert "<svg" in plots.figures([row], ["base"])
