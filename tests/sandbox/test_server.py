"""A server as a process: readiness, crashes, and that no process of it stays behind."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from medpipe.sandbox.server import Server, ServerError, end_marked, free_port, marked
from medpipe.sandbox.waiting import wait_until


@pytest.fixture
def make(tmp_path):
    servers: list[Server] = []

    def server(code: str, **options) -> Server:
        mark = f"{tmp_path}#{len(servers)}"
        log = tmp_path / "planted.log"
        servers.append(Server("planted", [sys.executable, "-c", code], dict(os.environ), log, mark, **options))
        return servers[-1]

    yield server
    for started in servers:
        end_marked(started.mark)


def test_a_server_that_exits_while_starting_is_an_error_that_shows_its_log(make):
    server = make("print('the port is taken'); raise SystemExit(3)", ready=lambda: False)
    server.start()
    with pytest.raises(ServerError, match="the port is taken"):
        server.wait_ready()


def test_waiting_for_a_server_that_never_gets_ready_ends_with_an_error(make):
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
    wait_until(lambda: len(marked(server.mark)) == 2, patience=10)
    server.stop()
    assert marked(server.mark) == [] and not server.alive


def test_a_restart_first_kills_the_children_of_the_dead_process(make):
    server = make(
        "import subprocess, sys, time; "
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True); "
        "time.sleep(60)"
    )
    server.start()
    wait_until(lambda: len(marked(server.mark)) == 2, patience=10)
    orphan = next(process for process in marked(server.mark) if process.pid != server.process.pid)
    server.process.kill()
    server.process.wait()
    server.restart()
    assert not orphan.is_running() and server.alive and server.restarts == 1


def test_a_port_with_a_listener_and_a_port_already_taken_are_passed_over():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        first = free_port(port, set())
        second = free_port(port, {first})
    assert port < first < second


def test_the_log_is_appended_to_and_its_end_is_shown(make, tmp_path: Path):
    server = make("print('\\n'.join(map(str, range(100))))")
    server.start()
    server.process.wait()
    assert server.tail(2) == "98\n99"
