"""The sandbox's NLM as a process on a free port, for tests."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

from tests.places import ROOT


@dataclass
class Nlm:
    """Where the server listens, and how to steer it."""

    url: str

    def day(self, day: int) -> None:
        self._post("day", {"day": day})

    def misbehave(self, path: str, kind: str, times: int = 1) -> None:
        self._post("misbehave", {"path": path, "kind": kind, "times": times})

    def hold(self, file: str, held: bool = True) -> None:
        self._post("hold", {"file": file, "held": held})

    def next_baseline(self) -> None:
        self._post("next-baseline", {})

    def _post(self, name: str, value: dict[str, object]) -> None:
        request = Request(f"{self.url}/_sandbox/{name}", json.dumps(value).encode(), method="POST")
        with urlopen(request, timeout=10) as answer:
            assert answer.status == 200


@contextmanager
def running(calendar: Path) -> Iterator[Nlm]:
    """Start the server as users do, and stop it."""
    command = [sys.executable, "-m", "medpipe.sandbox.nlm", "--port", "0", "--calendar", str(calendar)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            yield Nlm(process.stdout.readline().strip())
        finally:
            process.terminate()
            assert process.wait(timeout=10) == 0
