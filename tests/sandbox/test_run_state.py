"""The state file of a running system: what `status` and `down` read in another process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from medpipe.sandbox import run_state, stack
from medpipe.sandbox.server import Server


def _server(tmp_path: Path) -> Server:
    return Server("nlm", ["true"], {}, tmp_path / "nlm.log", mark=f"{tmp_path}#nlm")


def test_the_supervisor_and_its_servers_are_found_again(tmp_path: Path) -> None:
    run_state.write(tmp_path, {"nlm": "http://127.0.0.1:8200"}, [_server(tmp_path)])
    state = run_state.read(tmp_path)
    assert state is not None
    assert [server["mark"] for server in state["servers"]] == [f"{tmp_path}#nlm"]
    supervisor = run_state.supervisor(state)
    assert supervisor is not None and supervisor.pid == os.getpid()


def test_another_process_under_the_supervisors_id_is_not_taken_for_it(tmp_path: Path) -> None:
    run_state.write(tmp_path, {}, [])
    state = run_state.read(tmp_path) or {}
    assert run_state.supervisor({**state, "started": state["started"] - 100}) is None


@pytest.mark.parametrize("content", [None, "torn {"])
def test_a_missing_or_torn_file_means_that_nothing_runs(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        run_state.path(tmp_path).parent.mkdir()
        run_state.path(tmp_path).write_text(content)
    lines: list[str] = []
    assert run_state.read(tmp_path) is None
    assert stack.show(tmp_path, lines.append) == 3
    stack.stop(tmp_path, lines.append)
    assert lines == ["nothing runs; start it with `make up`", "nothing runs"]
