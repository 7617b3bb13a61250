"""What a training by several processes says when one of them fails. No process is started."""

from __future__ import annotations

import signal
from pathlib import Path
from types import SimpleNamespace

import pytest

from medpipe.backends.trl import launcher, rank, ranks
from medpipe.backends.trl.job import FAILED, FAULT, LOGS, Failed
from medpipe.backends.trl.trainer import TrlTrainer
from medpipe.errors import ConfigError, Unavailable
from medpipe.settings import Settings
from medpipe.wiring import Wiring
from tests.train.test_trl_trainer import recipe


def failures(*statuses: int) -> dict[int, SimpleNamespace]:
    """What torch's agent knows of ranks that ended with these statuses, in this order."""
    return {
        rank: SimpleNamespace(exitcode=status, timestamp=rank, pid=100 + rank) for rank, status in enumerate(statuses)
    }


@pytest.mark.parametrize(
    ("statuses", "named"),
    [((1, 1), 0), ((1, -signal.SIGKILL), 1), ((-signal.SIGTERM, 1), 0), ((1, -signal.SIGSEGV, 1), 1)],
)
def test_the_process_that_was_killed_is_named_and_not_those_that_waited_for_it(
    statuses: tuple[int, ...], named: int
) -> None:
    assert launcher.first(failures(*statuses)).rank == named


def test_the_error_of_a_process_is_raised_as_if_it_trained_alone(tmp_path: Path) -> None:
    (tmp_path / FAULT.format(1)).write_text("ConfigError\nthe training diverged:\nlower it", encoding="utf-8")
    (tmp_path / FAILED).write_text(Failed(rank=0, status=1, pid=7).model_dump_json())
    error = ranks.error_of(tmp_path, recipe(), 2, 1)
    assert (type(error), str(error)) == (ConfigError, "the training diverged:\nlower it")


def test_a_fault_that_a_process_was_killed_while_writing_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(draft: Path, target: Path) -> None:
        raise KeyboardInterrupt

    (tmp_path / FAILED).write_text(Failed(rank=0, status=-15, pid=7).model_dump_json())
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Path, "replace", ended)
        rank.write_whole(tmp_path / FAULT.format(0), "ConfigError\nthe training diverged")
    assert isinstance(ranks.error_of(tmp_path, recipe(), 2, 1), Unavailable)
    rank.write_whole(tmp_path / FAULT.format(0), "ConfigError\nthe training diverged")
    assert str(ranks.error_of(tmp_path, recipe(), 2, 1)) == "the training diverged"


def test_a_killed_process_and_an_unexpected_error_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / FAILED).write_text(Failed(rank=1, status=-9, pid=7).model_dump_json())
    killed = ranks.error_of(tmp_path, recipe(), 2, 1)
    assert isinstance(killed, Unavailable)
    assert "process 2 of 2 (pid 7) was ended by SIGKILL" in str(killed)
    (tmp_path / FAILED).write_text(Failed(rank=1, status=1, pid=7).model_dump_json())
    log = tmp_path / LOGS / "run" / "attempt_0" / "1" / "stderr.log"
    log.parent.mkdir(parents=True)
    log.write_text(f"{'x' * 3000}\nCUDA out of memory")
    bug = ranks.error_of(tmp_path, recipe(), 2, 1)
    assert isinstance(bug, RuntimeError)
    assert str(bug).startswith("process 2 of 2 failed") and str(bug).endswith("CUDA out of memory")
    assert len(str(bug)) < 2100


def test_a_launcher_that_ended_by_itself_shows_what_it_wrote(tmp_path: Path) -> None:
    (tmp_path / "launcher.log").write_text("no free port")
    assert "status 1: no free port" in str(ranks.error_of(tmp_path, recipe(), 2, 1))


def test_a_killed_launcher_can_be_run_again(tmp_path: Path) -> None:
    error = ranks.error_of(tmp_path, recipe(), 2, -signal.SIGKILL)
    assert isinstance(error, Unavailable) and "ended by SIGKILL" in str(error)


@pytest.mark.timeout(30)
def test_a_launcher_that_is_killed_does_not_leave_its_ranks_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = tmp_path / "launcher"  # with one rank, which reads its standard input as `ending` does
    stand_in.write_text("#!/bin/sh\nexec 3<&0\ncat <&3 &\necho $!\nexec sleep 60\n", encoding="utf-8")
    stand_in.chmod(0o755)
    monkeypatch.setattr(ranks.sys, "executable", str(stand_in))
    with ranks._launched(tmp_path) as started:
        assert started.stdout is not None
        assert int(started.stdout.readline()) > 0
        started.kill()
        assert started.stdout.read() == "", "the rank held the pipe, and has ended"


def test_the_settings_decide_how_many_processes_train(tmp_path: Path) -> None:
    alone, together = (Wiring(Settings(home=tmp_path, processes=number)).trainer for number in (1, 2))
    assert isinstance(alone, TrlTrainer)
    assert isinstance(together, ranks.Ranks)


def test_what_a_library_prints_is_no_report_of_progress() -> None:
    assert ranks.report_in("Loading checkpoint shards: 100%\n") is None
    report = ranks.report_in('{"share": 0.5, "text": "half"}\n')
    assert report is not None
    assert (report.share, report.text) == (0.5, "half")
