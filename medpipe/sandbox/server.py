"""One server of the embedded system as a process: start it, wait for it, restart it after a crash, stop it."""

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

from medpipe.errors import Unavailable
from medpipe.sandbox.waiting import wait_until

MARK = "SANDBOX_SERVER"
"""Variable in the environment of a server. All descendants inherit it, whatever process group they move to."""


class ServerError(Unavailable):
    """A server did not start or did not stay up. The message names it, its log and the log's last lines."""


@dataclass
class Server:
    """What to start, and how to know that it serves.

    `mark` must be unique to this server of this state folder: every process that carries it is stopped with it.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    mark: str
    ready: Callable[[], bool] = lambda: True
    patience: float = 120.0
    """Seconds to wait for readiness."""
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
        """Return whether the process that was started still runs."""
        return self.process is not None and self.process.poll() is None

    def wait_ready(self) -> float:
        """Wait until `ready()` and return the seconds; raises ServerError when it exits or takes too long."""
        started = time.monotonic()
        try:
            wait_until(self._ready_or_dead, self.patience)
        except TimeoutError:
            raise ServerError(self._fault(f"is not ready after {self.patience:.0f} s")) from None
        return time.monotonic() - started

    def restart(self) -> None:
        """Start again after a crash. What the dead process left running is killed first."""
        end_marked(self.mark)
        self.restarts += 1
        self.start()

    def stop(self) -> None:
        """Send TERM, wait up to `grace` seconds, then kill every process that still carries the mark."""
        if self.alive and self.process is not None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(self.grace)
        end_marked(self.mark)
        if self.process is not None:
            self.process.wait()

    def tail(self, lines: int = 15) -> str:
        """Return the last lines of the log; nothing when there is no log."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        return ""

    def _ready_or_dead(self) -> bool:
        if self.ready():
            return True
        if not self.alive:
            raise ServerError(self._fault("exited while starting"))
        return False

    def _fault(self, event: str) -> str:
        return f"{self.name} {event}; see {self.log}\n{self.tail()}"


def marked(mark: str) -> list[psutil.Process]:
    """Return every other process of this user whose environment carries `mark`."""
    processes = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == mark and process.pid != os.getpid():
                processes.append(process)
    return processes


def end_marked(mark: str) -> int:
    """Kill every process that carries `mark`; return how many there were."""
    processes = marked(mark)
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(signal.SIGKILL)
    psutil.wait_procs(processes, timeout=5)
    return len(processes)


def answers(url: str, timeout: float = 2.0) -> bool:
    """Return whether a GET of `url` is answered with a 2xx status within `timeout` seconds."""
    try:
        with urlopen(url, timeout=timeout) as response:
            status: int = response.status
            return 200 <= status < 300
    except (URLError, OSError, ValueError):
        return False


def free_port(wanted: int, taken: set[int], host: str = "127.0.0.1") -> int:
    """Return `wanted`, or the next port on which no program listens and that is not in `taken`.

    Raises ServerError when none of 200 ports is free.
    """
    for port in range(wanted, wanted + 200):
        if port not in taken and _can_bind(host, port):
            return port
    raise ServerError(f"no free port from {wanted} to {wanted + 199}: stop a program that listens there")


def _can_bind(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
