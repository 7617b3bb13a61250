"""A server as a process: readiness, death, and that nothing of it stays behind."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

import pytest

from medpipe.sandbox.server import Server, ServerError, end_marked, free_port, marked


@pytest.fixture
def make(tmp_path):
    made: list[Server] = []

    def server(code: str, **options) -> Server:
        mark = f"{tmp_path}#{len(made)}"
        log = tmp_path / "planted.log"
        one = Server("planted", [sys.executable, "-c", code], dict(os.environ), log, mark, **options)
        made.append(one)
        return one

    yield server
    for one in made:
        end_marked(one.mark)


def wait_for(condition, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_a_server_that_exits_while_starting_is_an_error_that_shows_its_log(make):
    server = make("print('the port is taken'); raise SystemExit(3)", ready=lambda: False)
    server.start()
    with pytest.raises(ServerError, match="the port is taken"):
        server.wait_ready()


def test_a_server_that_never_gets_ready_is_given_up(make):
    server = make("import time; time.sleep(60)", ready=lambda: False, patience=0.5)
    server.start()
    with pytest.raises(ServerError, match="not ready after"):
        server.wait_ready()


def test_stopping_ends_children_that_moved_to_a_session_of_their_own(make):
    server = make(
        "import subprocess, sys, time; "
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True); "
        "time.sleep(60)"
    )
    server.start()
    wait_for(lambda: len(marked(server.mark)) == 2)
    server.stop()
    assert marked(server.mark) == [] and not server.alive


def test_a_restart_first_ends_what_the_dead_process_left(make):
    server = make(
        "import subprocess, sys, time; "
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True); "
        "time.sleep(60)"
    )
    server.start()
    wait_for(lambda: len(marked(server.mark)) == 2)
    orphan = next(process for process in marked(server.mark) if process.pid != server.process.pid)
    server.process.kill()
    server.process.wait()
    server.restart()
    assert not orphan.is_running() and server.alive and server.restarts == 1


def test_a_taken_port_is_passed_over_and_no_port_is_given_twice():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        given: set[int] = set()
        first, second = free_port(port, given), free_port(port, given)
    assert port < first < second


def test_the_log_is_appended_to_and_its_end_is_shown(make, tmp_path: Path):
    server = make("print('\\n'.join(map(str, range(100))))")
    server.start()
    server.process.wait()
    assert server.tail(2) == "98\n99"
