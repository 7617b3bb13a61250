"""Every port that does work on many blocks gives the results in order, however many processes there are."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from medpipe.backends.processes import FEW, Processes
from medpipe.errors import MedpipeError, Unavailable, UsageError
from medpipe.ports import Ports
from medpipe.settings import Settings
from tests import fakes


def _squared(ports: Ports, number: int) -> tuple[int, str, int]:
    return number * number, ports.model_name, os.getpid()


def _refused(ports: Ports, number: int) -> int:
    if number == 5:
        raise UsageError(f"{number} is refused")
    return number


def _killed(ports: Ports, number: int) -> int:
    if number == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def _workers(tmp_path: Path, number: int) -> Processes:
    settings = Settings(home=tmp_path, model_name="ours")
    return Processes(fakes.ports(settings), fakes.ports, settings, number)


@pytest.mark.parametrize("number", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_results_come_in_order_from_ports_of_the_same_settings(number: int, tmp_path: Path) -> None:
    results = list(_workers(tmp_path, number).map(_squared, range(20)))
    assert [result[:2] for result in results] == [(each * each, "ours") for each in range(20)]
    assert (os.getpid() in {process for *_, process in results}) == (number == 1)


def test_a_few_blocks_start_no_process(tmp_path: Path) -> None:
    assert {process for *_, process in _workers(tmp_path, 2).map(_squared, range(FEW))} == {os.getpid()}


@pytest.mark.parametrize("program", ["daemon", "<stdin>"])
def test_where_python_cannot_start_processes_the_work_is_done_here(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if program == "daemon":
        monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)
    else:
        monkeypatch.setattr(sys.modules["__main__"], "__file__", program, raising=False)
    assert {process for *_, process in _workers(tmp_path, 2).map(_squared, range(20))} == {os.getpid()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("work", "error", "said"),
    [(_refused, UsageError, "5 is refused"), (_killed, Unavailable, "smaller MEDPIPE_WORKERS")],
)
def test_what_goes_wrong_in_another_process_is_raised_here(
    work: Any, error: type[MedpipeError], said: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=said):
        list(_workers(tmp_path, 2).map(work, range(20)))
