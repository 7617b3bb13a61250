"""The embedded system on one machine: NLM, Airflow, MLflow, vLLM and the service, each a process on 127.0.0.1.

python -m medpipe.sandbox.stack up       start everything in the background and print the addresses
python -m medpipe.sandbox.stack status   which servers run
python -m medpipe.sandbox.stack down     stop them
python -m medpipe.sandbox.stack run      the same as `up`, in the foreground, until TERM or Ctrl-C
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

from medpipe.sandbox import airflow_home
from medpipe.sandbox.airflow_rest import Airflow
from medpipe.sandbox.server import MARK, Server, ServerError, end_marked
from medpipe.sandbox.servers import Addresses, choose_addresses, environment, models, servers

ROOT = Path(__file__).resolve().parents[2]
Say = Callable[[str], None]


class Stack:
    """Starts the servers, keeps them up and stops them. `var` holds all state."""

    def __init__(self, var: Path = ROOT / "var", say: Say = print) -> None:
        self.var = var
        self.say = say
        self.addresses: Addresses = choose_addresses(say)
        self.environment = environment(self.addresses, var, ROOT)
        self.servers: dict[str, Server] = {}
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None
        self.peak_memory = 0.0
        """The most that `memory` has given while the servers were watched, GiB."""

    def up(self) -> None:
        """Start everything and wait until it serves. Raises ServerError; then everything is stopped again."""
        try:
            self._start()
        except BaseException:
            self.down()
            raise
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._watcher.start()

    def down(self) -> None:
        """Stop everything, the last started first; safe to call twice."""
        self._stopping.set()
        if self._watcher is not None:
            self._watcher.join()
        # TERM all first: each needs seconds to end, and they can do so side by side.
        for server in reversed(self.servers.values()):
            if server.alive and server.process is not None:
                server.process.terminate()
        for server in reversed(self.servers.values()):
            server.stop()
        state_file(self.var).unlink(missing_ok=True)

    def airflow(self) -> Airflow:
        """A logged-in client of Airflow's REST API."""
        return Airflow(self.addresses.airflow, *airflow_home.LOGIN)

    def memory(self) -> float:
        """Proportional set size of all servers and their descendants, GiB (shared pages counted once)."""
        marks = {server.mark for server in self.servers.values()}
        total = 0
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.environ().get(MARK) in marks:
                    total += process.memory_full_info().pss
        return total / 2**30

    def _start(self) -> None:
        began = time.monotonic()
        log = self.var / "logs" / "airflow-migrate.log"
        planned = servers(self.addresses, self.environment, self.var, ROOT)
        self.say("starting NLM and MLflow; preparing Airflow's database")
        self._launch(planned, "nlm", "mlflow")
        airflow_home.prepare(Path(self.environment["AIRFLOW_HOME"]), self.environment, log)
        self._launch(planned, "airflow-api-server")
        self._make_base()
        self._launch(planned, "engine", "airflow-dag-processor", "airflow-scheduler", "airflow-triggerer", "service")
        for server in self.servers.values():
            server.wait_ready()
            self.say(f"{server.name} is ready ({time.monotonic() - began:.0f} s)")
        self.airflow().ensure_pool("gpu", 1, "one training or evaluation at a time")
        self._serve_champion()

    def _launch(self, planned: dict[str, Server], *names: str) -> None:
        for name in names:
            self.servers[name] = planned[name]
            planned[name].start()
        write_state(self)

    def _make_base(self) -> None:
        """The tiny base model: made once, then found in the cache."""
        self.say("tiny base model: pretraining it on the first run (one to two minutes), else from the cache")
        log = self.var / "logs" / "tiny-base.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        line = [sys.executable, "-m", "medpipe.sandbox.tiny_base", "--out", str(models(ROOT))]
        with (
            log.open("a") as output,
            subprocess.Popen(
                line,
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
            for text in process.stdout:
                output.write(text)
                if "% " in text[:6]:
                    self.say(text.strip())
        if process.returncode:
            raise ServerError(f"the tiny base model could not be made; see {log}")

    def _serve_champion(self) -> None:
        """A fresh engine has no adapters: load the champion's again, if there is a champion."""
        line = [sys.executable, "-m", "medpipe.cli"]
        asked: dict[str, Any] = {
            "env": self.environment,
            "cwd": ROOT,
            "text": True,
            "stdin": subprocess.DEVNULL,
            "capture_output": True,
        }
        champion = subprocess.run([*line, "champion"], check=False, **asked).stdout.strip().rpartition("\n")[2]
        if not champion.startswith("version/"):
            return
        done = subprocess.run([*line, "deploy", "--version", champion], check=False, **asked)
        self.say(f"{champion} serves" if done.returncode == 0 else done.stderr.strip().rpartition("\n")[2])

    def _watch(self) -> None:
        """Restart a server that died; give up on one that dies again and again."""
        for second in itertools.count():
            if self._stopping.wait(1.0):
                return
            if second % 10 == 0:
                self.peak_memory = max(self.peak_memory, self.memory())
            for server in self.servers.values():
                if not server.alive and not self._stopping.is_set() and server.restarts < 10:
                    self.say(f"{server.name} died; starting it again")
                    server.restart()
                    write_state(self)
                    if server.name == "engine":
                        self._revive_engine(server)

    def _revive_engine(self, engine: Server) -> None:
        try:
            engine.wait_ready()
            self._serve_champion()
        except ServerError as error:  # it is tried again at its next death; until then the gateway answers 503
            self.say(str(error))


def state_file(var: Path) -> Path:
    return var / "run" / "stack.json"


def write_state(stack: Stack) -> None:
    """Record who runs, so that `status` and `down` work from another process."""
    path = state_file(stack.var)
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {
        "pid": os.getpid(),
        "started": psutil.Process().create_time(),
        "addresses": stack.addresses._asdict(),
        "servers": [
            {
                "name": each.name,
                "pid": each.process.pid if each.process else None,
                "mark": each.mark,
                "log": str(each.log),
            }
            for each in stack.servers.values()
        ],
    }
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(state, indent=1))
    draft.replace(path)


def read_state(var: Path) -> dict[str, Any] | None:
    with contextlib.suppress(OSError, ValueError):
        state: dict[str, Any] = json.loads(state_file(var).read_text())
        return state
    return None


def supervisor(state: dict[str, Any]) -> psutil.Process | None:
    """The process that keeps the servers up, if it still runs (its start time guards against a reused id)."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(state["pid"])
        if abs(process.create_time() - state["started"]) < 1:
            return process
    return None


def stop(var: Path, say: Say) -> None:
    """Stop a running system by its state file, also when its supervisor was killed."""
    state = read_state(var)
    if state is None:
        say("nothing runs")
        return
    process = supervisor(state)
    if process is not None and process.pid != os.getpid():
        process.terminate()
        psutil.wait_procs([process], timeout=60)
    for server in state["servers"]:
        end_marked(server["mark"])
    state_file(var).unlink(missing_ok=True)
    say("stopped")


def show(var: Path, say: Say) -> int:
    """Print which servers run; returns 0 when all do."""
    state = read_state(var)
    if state is None or supervisor(state) is None:
        say("nothing runs; start it with `make up`")
        return 3
    for server in state["servers"]:
        say(f"{server['name']:22} {'up' if psutil.pid_exists(server['pid']) else 'down':5} {server['log']}")
    for name, address in state["addresses"].items():
        say(f"{name:22} {address}")
    return 0


def run(var: Path) -> int:
    """Start everything and stay in the foreground until TERM or Ctrl-C."""
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    stack = Stack(var)
    try:
        stack.up()
    except ServerError as error:
        print(f"stack: {error}", file=sys.stderr)
        return 1
    print(f"ready: {json.dumps(stack.addresses._asdict())}", flush=True)
    done.wait()
    stack.down()
    return 0


def start_in_background(var: Path) -> int:
    """Start `run` as a daemon and pass on its progress until it is ready."""
    state = read_state(var)
    if state is not None and supervisor(state) is not None:
        return show(var, print)
    log = var / "logs" / "stack.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        command = [sys.executable, "-u", "-m", "medpipe.sandbox.stack", "run", "--var", str(var)]
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    with log.open() as lines:
        while True:
            line = lines.readline()
            if line.startswith("ready: "):
                for name, address in json.loads(line.removeprefix("ready: ")).items():
                    print(f"{name:10} {address}")
                print(f"login      {'/'.join(airflow_home.LOGIN)}   stop with `make down`")
                return 0
            if line:
                print(line, end="", flush=True)
            elif process.poll() is not None:
                return 1
            else:
                time.sleep(0.3)


def main(arguments: Sequence[str] | None = None) -> int:
    import argparse

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
