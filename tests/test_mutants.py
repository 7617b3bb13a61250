"""The report about mutants counts what mutmut wrote, and can fail."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import mutants


def _written(folder: Path, room: str, statuses: dict[str, int | None]) -> None:
    file = folder / "mutants" / "medpipe" / room / "rule.py.meta"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"exit_code_by_key": statuses}), encoding="utf-8")


def _all_rooms(folder: Path, statuses: dict[str, int | None]) -> None:
    for room in mutants.ROOMS:
        _written(folder, room, statuses)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(mutants, "ROOT", tmp_path)
    monkeypatch.setattr(mutants, "_mutmut", lambda *names: None)
    return tmp_path


def test_enough_kills_pass(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _all_rooms(folder, {f"m{number}": 1 for number in range(17)} | {"a": 0, "b": 33, "c": 0, "late": None})
    assert mutants.main([]) == 0
    printed = capsys.readouterr().out
    assert "17 of 20 mutants killed: 85.0%" in printed
    assert "survived: b" in printed


def test_too_few_kills_in_one_room_fail(folder: Path) -> None:
    _all_rooms(folder, {"a": 1})
    _written(folder, "steps", {"a": 1, "b": 0})
    assert mutants.main([]) == 1


def test_a_room_that_was_not_run_fails(folder: Path) -> None:
    _all_rooms(folder, {"a": 1})
    _written(folder, "core/safety", {"a": None})
    assert mutants.main([]) == 1


def test_a_mutant_that_no_test_reaches_has_survived(folder: Path) -> None:
    _written(folder, "steps", {"a": 33, "b": 5, "c": -24, "d": 3})
    assert mutants.judged(folder / "mutants", "steps").survivors == ("a", "b")


def test_the_sample_is_the_same_in_any_order() -> None:
    names = [f"medpipe.steps.x_{number}" for number in range(500)]
    assert mutants.sample(names, 40) == mutants.sample(names[::-1], 40)
    assert len(set(mutants.sample(names, 40))) == 40
    assert mutants.sample(names[:3], 40) == names[:3]
