"""The report about mutants counts what mutmut wrote, and can fail."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests import mutants
from tests.places import ROOT as CHECKOUT

Statuses = Mapping[str, int | None]


def _written(folder: Path, room: str, statuses: Statuses) -> None:
    file = folder / "medpipe" / room / "rule.py.meta"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"exit_code_by_key": statuses}), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(mutants, "ROOT", tmp_path)
    return tmp_path / "mutants"


def _mutmut_writes(monkeypatch: pytest.MonkeyPatch, folder: Path, every: Statuses, **rooms: Statuses) -> None:
    def written(*names: str) -> None:
        for room in mutants.ROOMS:
            _written(folder, room, rooms.get(room.split("/")[-1], every))

    monkeypatch.setattr(mutants, "_mutmut", written)


def test_enough_kills_pass(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    killed = {f"m{number}": 1 for number in range(17)}
    _mutmut_writes(monkeypatch, folder, killed | {"a": 0, "b": 33, "c": 0, "late": None})
    assert mutants.main([]) == 0
    printed = capsys.readouterr().out
    assert "17 of 20 mutants killed: 85.0%" in printed
    assert "survived: b" in printed
    assert "100 mutants in 0 minutes" in printed


def test_too_few_kills_in_one_room_fail(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _mutmut_writes(monkeypatch, folder, {"a": 1}, steps={"a": 1, "b": 0})
    assert mutants.main([]) == 1


def test_a_room_that_was_not_run_fails(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _mutmut_writes(monkeypatch, folder, {"a": 1}, safety={"a": None})
    assert mutants.main([]) == 1


def test_a_run_in_which_everything_dies_proves_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _mutmut_writes(monkeypatch, folder, {f"m{number}": 1 for number in range(20)})
    assert mutants.main([]) == 1
    assert "every mutant died" in capsys.readouterr().out
    _mutmut_writes(monkeypatch, folder, {f"m{number}": 1 for number in range(19)})
    assert mutants.main([]) == 0


def test_nothing_of_an_earlier_run_is_counted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _written(folder, "steps/gone", {"old": 0})
    _mutmut_writes(monkeypatch, folder, {"a": 1})
    assert mutants.main(["--all"]) == 0
    assert mutants.judged(folder, "steps").total == 1


def test_the_second_run_has_the_sample_without_what_the_first_run_judged(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, ...]] = []
    _mutmut_writes(monkeypatch, folder, {f"{number}": None for number in range(9)}, knowledge={"k": 1})
    write = mutants._mutmut
    monkeypatch.setattr(mutants, "_mutmut", lambda *names: (calls.append(names), write())[1])
    mutants.main(["--per-room", "3"])
    assert calls[0] == ("medpipe.core.knowledge.*",)
    assert "k" not in calls[1] and len(calls[1]) == 12


def test_a_mutant_that_no_test_reaches_or_whose_tests_could_not_run_has_survived(folder: Path) -> None:
    _written(folder, "steps", {"a": 33, "b": 5, "c": -24, "d": 3, "e": 255, "f": 4, "g": 2})
    room = mutants.judged(folder, "steps")
    assert (room.survivors, room.out_of_time) == (("a", "b", "e", "f", "g"), 1)
    assert "2 of 7 mutants killed" in mutants._line(room)
    assert "1 of them out of time" in mutants._line(room)


def test_a_room_is_a_folder_with_what_is_below_it_or_a_module(folder: Path) -> None:
    _written(folder, "core/safety", {"a": 1})
    _written(folder, "core/safety/identifiers", {"b": 1})
    (folder / "medpipe" / "core" / "intervals.py.meta").write_text('{"exit_code_by_key": {"c": 1}}')
    assert set(mutants.statuses(folder, "core/safety")) == {"a", "b"}
    assert set(mutants.statuses(folder, "core/intervals")) == {"c"}


def test_the_rooms_are_those_that_mutmut_changes() -> None:
    settings = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    changed = {name.removeprefix("medpipe/").removesuffix("/*").removesuffix(".py") for name in settings["only_mutate"]}
    assert changed == set(mutants.ROOMS)
    assert settings["process_isolation"] == "forkserver"
    assert all(list(CHECKOUT.glob(pattern)) for pattern in settings["only_mutate"] + settings["do_not_mutate"])


def test_an_exported_path_to_the_checkout_does_not_reach_the_mutants() -> None:
    shell = {"PATH": "/bin", "PYTHONPATH": str(CHECKOUT), "PYTEST_ADDOPTS": "-k nothing", "HF_HUB_OFFLINE": "0"}
    assert mutants.environment(shell) == {"PATH": "/bin", "HF_HUB_OFFLINE": "1"}


def test_the_sample_is_the_same_in_any_order() -> None:
    names = [f"medpipe.steps.x_{number}" for number in range(500)]
    assert mutants.sample(names, 40) == mutants.sample(names[::-1], 40)
    assert len(set(mutants.sample(names, 40))) == 40
    assert mutants.sample(names[:3], 40) == names[:3]
