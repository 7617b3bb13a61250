"""Every port that does work on many blocks gives the results in order, however many processes there are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from medpipe.backends.processes import FEW, Processes
from medpipe.errors import UsageError
from medpipe.ports import Ports
from medpipe.settings import Settings
from tests import fakes


def _squared(ports: Ports, number: int) -> tuple[int, str, int]:
    return number * number, ports.model_name, os.getpid()


def _refused(ports: Ports, number: int) -> int:
    if number == 5:
        raise UsageError(f"{number} is refused")
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


@pytest.mark.slow
def test_an_error_in_another_process_is_raised_here(tmp_path: Path) -> None:
    results: Any = _workers(tmp_path, 2).map(_refused, range(20))
    with pytest.raises(UsageError, match="5 is refused"):
        list(results)
