"""One server of the embedded system as a process: started, waited for, restarted when it dies, stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil

MARK = "SANDBOX_SERVER"
"""Carried in the environment of a server and so of all its descendants, whatever group they move to."""


class ServerError(RuntimeError):
    """A server did not start or stay up: the message names it, its log and the log's last lines."""


@dataclass
class Server:
    """What to start and how to know that it serves.

    `mark` must be unique to this server of this state folder: everything that carries it is stopped with it.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    mark: str
    ready: Callable[[], bool] = lambda: True
    patience: float = 120.0
    """Seconds until readiness is given up."""
    grace: float = 15.0
    """Seconds between TERM and KILL."""
    folder: Path = field(default_factory=Path.cwd)
    process: subprocess.Popen[bytes] | None = None
    restarts: int = 0

    def start(self) -> None:
        """Start the process in a session of its own, its output appended to `log`."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                list(self.command),
                env={**self.environment, MARK: self.mark},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        """Whether the process that was started still runs."""
        return self.process is not None and self.process.poll() is None

    def wait_ready(self) -> float:
        """Wait until `ready()`; returns the seconds. Raises ServerError when it exits or takes too long."""
        started = time.monotonic()
        while not self.ready():
            if not self.alive:
                raise ServerError(f"{self.name} exited while starting; see {self.log}\n{self.tail()}")
            if time.monotonic() - started > self.patience:
                raise ServerError(
                    f"{self.name} is not ready after {self.patience:.0f} s; see {self.log}\n{self.tail()}"
                )
            time.sleep(0.25)
        return time.monotonic() - started

    def restart(self) -> None:
        """Start again after a death: what the dead process left behind is ended first."""
        end_marked(self.mark)
        self.restarts += 1
        self.start()

    def stop(self) -> None:
        """TERM, wait up to `grace`, then KILL whatever still carries the mark."""
        if self.alive and self.process is not None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(self.grace)
        end_marked(self.mark)
        if self.process is not None:
            self.process.wait()

    def tail(self, lines: int = 15) -> str:
        """The last lines of the log."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        return ""


def marked(mark: str) -> list[psutil.Process]:
    """Every process of this user whose environment carries `mark`."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == mark and process.pid != os.getpid():
                found.append(process)
    return found


def end_marked(mark: str) -> int:
    """KILL every process that carries `mark`; returns how many there were."""
    processes = marked(mark)
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(signal.SIGKILL)
    psutil.wait_procs(processes, timeout=5)
    return len(processes)


def answers(url: str, timeout: float = 2.0) -> bool:
    """Whether a GET of `url` returns a 2xx."""
    try:
        with urlopen(url, timeout=timeout) as response:
            return 200 <= response.status < 300
    except (URLError, OSError, ValueError):
        return False


def free_port(wanted: int, taken: set[int], host: str = "127.0.0.1") -> int:
    """`wanted` or the next port that nobody listens on and that is not in `taken`."""
    for port in range(wanted, wanted + 200):
        if port in taken:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((host, port))
                taken.add(port)
                return port
    raise ServerError(f"no free port from {wanted} to {wanted + 199}: stop what listens there")
