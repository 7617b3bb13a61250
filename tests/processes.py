"""Processes of a test: Python code that may die, and real servers that are stopped with all that they started."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from medpipe.sandbox.server import Server, answers
from tests.places import ROOT

LOCAL = "127.0.0.1"


def start_python(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Start a process that runs a text of Python code, which can import the project and these tests."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen(command, env=environment, text=True, **pipes)


def run_python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a text of Python code in a process of its own to its end, however it ends."""
    with start_python(code, *arguments) as process:
        output, errors = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def free_port() -> int:
    """Return a port that no process listens on."""
    with socket.socket() as probe:
        probe.bind((LOCAL, 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def serving(
    command: Sequence[str],
    health: str,
    log: Path,
    variables: Mapping[str, str],
    patience: float = 90.0,
    grace: float = 40.0,
) -> Iterator[Server]:
    """Run a server in the folder of its log until the block ends. Raises ServerError when it does not get ready.

    `health`: an address that answers once the server serves. `variables`: its environment, beside this process's own
    without PYTHONPATH. `patience`: seconds to get ready. `grace`: seconds to end by itself.
    """
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    server = Server(
        name=log.stem,
        command=command,
        environment={**inherited, **variables},
        log=log,
        mark=str(log),
        ready=lambda: answers(health),
        patience=patience,
        grace=grace,
        folder=log.parent,
    )
    server.start()
    try:
        server.wait_ready()
        yield server
    finally:
        server.stop()
