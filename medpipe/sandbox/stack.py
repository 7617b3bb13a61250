"""The embedded system on one machine: NLM, Airflow, MLflow, vLLM and the service, each a process on 127.0.0.1.

python -m medpipe.sandbox.stack up       start everything in the background and print the addresses
python -m medpipe.sandbox.stack status   show which servers run
python -m medpipe.sandbox.stack down     stop them
python -m medpipe.sandbox.stack run      the same as `up`, in the foreground, until TERM or Ctrl-C
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from medpipe.sandbox import airflow_home, run_state
from medpipe.sandbox.airflow_rest import Airflow
from medpipe.sandbox.server import MARK, Server, ServerError, end_marked
from medpipe.sandbox.servers import Addresses, choose_addresses, environment, models, servers
from medpipe.sandbox.world import SEED

ROOT = Path(__file__).resolve().parents[2]
Say = Callable[[str], None]

_MAX_RESTARTS = 10
"""A server that has died this often stays down."""


class Stack:
    """Starts the servers, keeps them up and stops them.

    `var` holds all state; `say` gets one line at a time. `seed`: of the invented world, and of the trainings on it.
    """

    def __init__(self, var: Path = ROOT / "var", say: Say = print, seed: int = SEED) -> None:
        self.var = var
        self.say = say
        self.seed = seed
        self.addresses: Addresses = choose_addresses(say)
        self.environment = environment(self.addresses, var, ROOT, seed)
        self.servers: dict[str, Server] = {}
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None
        self.peak_memory = 0.0
        """The highest result of `memory` while the servers were watched, GiB."""

    def up(self) -> None:
        """Start everything and wait until it serves; on any error everything is stopped again. Raises ServerError."""
        try:
            self._start()
        except BaseException:
            self.down()
            raise
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._watcher.start()

    def down(self) -> None:
        """Stop everything, the last started first. Calling it twice does no harm."""
        self._stopping.set()
        if self._watcher is not None:
            self._watcher.join()
        # TERM goes to all of them first: each needs seconds to end, and they can do so at the same time.
        for server in reversed(self.servers.values()):
            if server.alive and server.process is not None:
                server.process.terminate()
        for server in reversed(self.servers.values()):
            server.stop()
        run_state.path(self.var).unlink(missing_ok=True)

    def airflow(self) -> Airflow:
        """Return a logged-in client of Airflow's REST API."""
        return Airflow(self.addresses.airflow, *airflow_home.LOGIN)

    def memory(self) -> float:
        """Return the proportional set size of all servers and their descendants in GiB: shared pages count once."""
        marks = {server.mark for server in self.servers.values()}
        total = 0
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.environ().get(MARK) in marks:
                    total += process.memory_full_info().pss
        return total / 2**30

    def medpipe(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command `medpipe` in the environment of the servers."""
        return subprocess.run(
            [sys.executable, "-m", "medpipe.cli", *arguments],
            env=self.environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def _start(self) -> None:
        started = time.monotonic()
        prepared = servers(self.addresses, self.environment, self.var, ROOT, self.seed)
        self.say("starting NLM and MLflow; preparing Airflow's database")
        self._launch(prepared, "nlm", "mlflow")
        migration_log = self.var / "logs" / "airflow-migrate.log"
        airflow_home.prepare(Path(self.environment["AIRFLOW_HOME"]), self.environment, migration_log)
        self._launch(prepared, "airflow-api-server")
        self._make_base()
        self._launch(prepared, "engine", "airflow-dag-processor", "airflow-scheduler", "airflow-triggerer", "service")
        for server in self.servers.values():
            server.wait_ready()
            self.say(f"{server.name} is ready ({time.monotonic() - started:.0f} s)")
        self.airflow().ensure_pool("gpu", 1, "one training or evaluation at a time")
        self._serve_champion()

    def _launch(self, prepared: Mapping[str, Server], *names: str) -> None:
        for name in names:
            self.servers[name] = prepared[name]
            prepared[name].start()
        self._record()

    def _record(self) -> None:
        run_state.write(self.var, self.addresses._asdict(), self.servers.values())

    def _make_base(self) -> None:
        """Make the tiny base model, unless it is in the cache; pass its progress on. Raises ServerError."""
        self.say("tiny base model: pretraining it on the first run (one to two minutes), else from the cache")
        log = self.var / "logs" / "tiny-base.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "medpipe.sandbox.tiny_base", "--out", str(models(ROOT))]
        with (
            log.open("a") as output,
            subprocess.Popen(
                command,
                env=self.environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            ) as process,
        ):
            assert process.stdout is not None
            for line in process.stdout:
                output.write(line)
                if "% " in line[:6]:  # progress; libraries' warnings stay in the log
                    self.say(line.strip())
        if process.returncode:
            raise ServerError(f"the tiny base model could not be made; see {log}")

    def _serve_champion(self) -> None:
        """Load the champion's adapter, if there is a champion: an engine that has just started has no adapters."""
        deployment = self.medpipe("deploy")
        served = last_line(deployment.stdout)
        if deployment.returncode:
            self.say(last_line(deployment.stderr))
        elif served.startswith("version/"):
            self.say(f"{served} serves")

    def _watch(self) -> None:
        """Restart servers that died, and measure the memory every ten seconds, until the stack is stopped."""
        for second in itertools.count():
            if self._stopping.wait(1.0):
                return
            if second % 10 == 0:
                self.peak_memory = max(self.peak_memory, self.memory())
            for server in self.servers.values():
                if not server.alive and not self._stopping.is_set() and server.restarts < _MAX_RESTARTS:
                    self._revive(server)

    def _revive(self, server: Server) -> None:
        self.say(f"{server.name} died; starting it again")
        server.restart()
        self._record()
        if server.name == "engine":
            try:
                server.wait_ready()
                self._serve_champion()
            except ServerError as error:  # tried again when it dies again; until then the gateway answers 503
                self.say(str(error))


def last_line(text: str) -> str:
    """Return the last line of a command's output: the value of a verb, or why it failed."""
    return text.strip().rpartition("\n")[2]


def stop(var: Path, say: Say) -> None:
    """Stop a running system by its state file, even if its supervisor was killed."""
    state = run_state.read(var)
    if state is None:
        say("nothing runs")
        return
    supervisor = run_state.supervisor(state)
    if supervisor is not None and supervisor.pid != os.getpid():
        supervisor.terminate()
        psutil.wait_procs([supervisor], timeout=60)
    for server in state["servers"]:
        end_marked(server["mark"])
    run_state.path(var).unlink(missing_ok=True)
    say("stopped")


def show(var: Path, say: Say) -> int:
    """Print which servers run; return 0 when there is a running system, else 3."""
    state = run_state.read(var)
    if state is None or run_state.supervisor(state) is None:
        say("nothing runs; start it with `make up`")
        return 3
    for server in state["servers"]:
        say(f"{server['name']:22} {'up' if psutil.pid_exists(server['pid']) else 'down':5} {server['log']}")
    for name, address in state["addresses"].items():
        say(f"{name:22} {address}")
    return 0


def run(var: Path) -> int:
    """Start everything and stay in the foreground until TERM or Ctrl-C; return 1 when a server does not start."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    stack = Stack(var)
    try:
        stack.up()
    except ServerError as error:
        print(f"stack: {error}", file=sys.stderr)
        return 1
    print(f"ready: {json.dumps(stack.addresses._asdict())}", flush=True)
    stopping.wait()
    stack.down()
    return 0


def start_in_background(var: Path) -> int:
    """Start `run` in a session of its own and print its progress until it is ready; return 1 when it fails."""
    state = run_state.read(var)
    if state is not None and run_state.supervisor(state) is not None:
        return show(var, print)
    log = var / "logs" / "stack.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        command = [sys.executable, "-u", "-m", "medpipe.sandbox.stack", "run", "--var", str(var)]
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    return _print_until_ready(log, process)


def _print_until_ready(log: Path, process: subprocess.Popen[bytes]) -> int:
    with log.open() as lines:
        while True:
            line = lines.readline()
            if line.startswith("ready: "):
                _print_addresses(json.loads(line.removeprefix("ready: ")))
                return 0
            if line:
                print(line, end="", flush=True)
            elif process.poll() is not None:
                return 1
            else:
                time.sleep(0.3)


def _print_addresses(addresses: Mapping[str, str]) -> None:
    for name, address in addresses.items():
        print(f"{name:10} {address}")
    print(f"login      {'/'.join(airflow_home.LOGIN)}   stop with `make down`")


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one action of the command line; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="medpipe.sandbox.stack", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("action", choices=("up", "down", "status", "run"))
    parser.add_argument("--var", type=Path, default=ROOT / "var", help="folder for all state")
    options = parser.parse_args(arguments)
    var = options.var.resolve()
    if options.action == "up":
        return start_in_background(var)
    if options.action == "run":
        return run(var)
    if options.action == "status":
        return show(var, print)
    stop(var, print)
    return 0


if __name__ == "__main__":
    sys.exit(main())
