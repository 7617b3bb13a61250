"""`make bench-triage`: the recorded figures keep what docs/triage.md says, and a good model is seen to beat both."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from bench import triage
from bench.triage_table import figures_of, table
from medpipe.core.judging.evaluation import Score
from medpipe.core.teaching.triage_samples import triage_samples
from medpipe.core.triage.labels import LABELS
from medpipe.settings import Settings
from tests import fakes
from tests.policies import RED_FLAGS, TRIAGE

ROWS = json.loads(triage.RESULT.read_text(encoding="utf-8"))["rows"]
FEW = triage.chosen(TRIAGE.cases, 2)
SAMPLES = list(triage_samples("triage", FEW, RED_FLAGS))


@pytest.fixture
def ports(tmp_path: Path) -> fakes.FakePorts:
    return fakes.ports(Settings(home=tmp_path))


def scores(answers: list[str], ports: fakes.FakePorts, alone: bool = True) -> list[Score]:
    return triage.scored(TRIAGE, SAMPLES, answers, ports, alone)


def test_the_page_has_the_table_of_the_recorded_figures() -> None:
    assert table(ROWS) in triage.PAGE.read_text(encoding="utf-8")


def test_neither_baseline_finds_most_of_those_who_cannot_wait() -> None:
    for name in triage.BASELINES:
        assert ROWS[name]["texts"] == 48 * len(TRIAGE.cases)
        assert ROWS[name]["recall"]["immediate"]["high"] < 0.95
    assert ROWS["letters"]["sent_away"]["sent"] > 0 and ROWS["letters"]["flips"]["low"] > 0.05


def test_the_red_flags_find_one_in_five_of_the_cases_that_the_first_of_them_were_written_without() -> None:
    later = ROWS["red flags alone, the later 164 cases"]
    assert 0.15 < later["recall"]["immediate"]["value"] < 0.25
    assert later["cases"] == sum(int(case.id[1:]) > triage.SEEN for case in TRIAGE.cases)


def test_a_perfect_model_beats_both_baselines_and_a_baseline_does_not_beat_itself(ports: fakes.FakePorts) -> None:
    flags, letters = triage.by_red_flags(SAMPLES, ports), triage.by_letters(SAMPLES, triage.taught()[::5])
    baselines = [scores(answers, ports) for answers in (flags, letters)]
    perfect = figures_of(scores([sample.target for sample in SAMPLES], ports), baselines)
    same = figures_of(baselines[1], baselines)
    assert table({"perfect": perfect}).splitlines()[2].endswith("| yes |")
    assert table({"letters": same}).splitlines()[2].endswith("| no |")


def test_a_model_is_asked_by_choice_and_served_with_red_flags(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fakes, "_recall", lambda weights, text: " delayed")
    answers = triage.by_model("base", SAMPLES, "tiny-sft", ports)
    assert set(answers) == {"delayed"}
    served = scores(answers, ports, alone=False)
    flagged = [bool(RED_FLAGS.found(sample.question)) for sample in SAMPLES]
    assert any(flagged) and not all(flagged)
    assert [score.answer for score in served] == ["immediate" if flag else "delayed" for flag in flagged]


def test_a_quick_run_records_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    before = triage.RESULT.read_bytes(), triage.PAGE.read_bytes()
    monkeypatch.setattr(sys, "argv", ["bench.triage", "--quick"])
    assert triage.main() == 0
    printed = capsys.readouterr().out
    assert all(f"recall {label}" in printed for label in LABELS)
    assert (triage.RESULT.read_bytes(), triage.PAGE.read_bytes()) == before
