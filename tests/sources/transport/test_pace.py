"""A pace is kept by every process that shares its folder, also after one of them was killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

from medpipe.sources.transport.pace import Pace

WAIT = (
    "import sys; from pathlib import Path; from medpipe.sources.transport.pace import Pace\n"
    "for _ in range(int(sys.argv[2])): Pace(Path(sys.argv[1]), 20).wait()"
)


def _process(folder: Path, turns: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WAIT, str(folder), str(turns)])


def test_processes_take_turns(tmp_path: Path) -> None:
    began = time.time()
    for process in [_process(tmp_path, 4) for _ in range(3)]:
        assert process.wait(timeout=60) == 0
    assert float((tmp_path / "next-turn").read_text()) >= began + 12 / 20


def test_a_killed_process_holds_nobody_up(tmp_path: Path) -> None:
    killed = _process(tmp_path, 1000)
    while not (tmp_path / "next-turn").exists():
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait(timeout=60)
    began = time.monotonic()
    Pace(tmp_path, 20).wait()
    assert time.monotonic() - began < 5


def test_a_clock_that_was_set_back_holds_nobody_up(tmp_path: Path) -> None:
    for written in (repr(time.time() + 3600), "no number"):
        (tmp_path / "next-turn").write_text(written)
        began = time.monotonic()
        Pace(tmp_path, 20).wait()
        assert time.monotonic() - began < 5
