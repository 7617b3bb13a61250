"""Runs medpipe's verbs as commands, one process each, and shows how far each one is."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from rich.console import Console
from rich.status import Status

from medpipe.errors import MedpipeError

_PROGRESS = re.compile(r"^ *\d+% ")
_PAUSE = 15.0
"""Seconds between two lines of progress where they are printed one below the other."""


class VerbFailed(MedpipeError):
    """A verb ended with an error. The message has its last line and where the whole output is."""


class Verbs:
    """Calls verbs by name; `environment` is theirs, and `folder` gets their log and the journal of what they returned.

    A call that the journal has is not made again: what an earlier run made is not changed by making it once more.
    """

    def __init__(self, environment: Mapping[str, str], folder: Path, console: Console) -> None:
        self.environment = dict(environment)
        self.seconds: dict[str, float] = {}
        """Wall time of each call by its title, in the run that made it."""
        self._log, self._journal, self._console = folder / "verbs.log", folder / "journal.jsonl", console
        folder.mkdir(parents=True, exist_ok=True)
        lines = self._journal.read_text(encoding="utf-8").splitlines() if self._journal.exists() else []
        self._made = {tuple(call["words"]): call for call in map(json.loads, lines)}

    def __call__(self, title: str, verb: str, *arguments: str) -> str:
        """Return the last line of what a verb prints, which is its value. Raises VerbFailed.

        `title`: what the verb does, in the words of the report.
        """
        words = (verb, *arguments)
        if words in self._made:
            call = self._made[words]
            self.seconds[title], value = call["seconds"], call["value"]
            self._console.print(f"     made    {title}  [dim]{value}[/]", highlight=False)
            return str(value)
        value = self.run(title, *words)
        with self._journal.open("a", encoding="utf-8") as journal:
            journal.write(json.dumps({"words": words, "value": value, "seconds": self.seconds[title]}) + "\n")
        return value

    def run(self, title: str, verb: str, *arguments: str) -> str:
        """Run a verb, whatever the journal has, and return its value. Raises VerbFailed."""
        began = time.monotonic()
        command = [sys.executable, "-m", "medpipe.cli", verb, *arguments]
        with (
            self._log.open("a", encoding="utf-8") as log,
            self._console.status(title) as status,
            subprocess.Popen(
                command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
            ) as process,
        ):
            try:
                last = self._followed(title, process, log, status)
            except BaseException:
                process.terminate()  # the end of the block waits for it
                raise
            value = process.stdout.read().strip().rpartition("\n")[2] if process.stdout else ""
        if process.returncode:
            raise VerbFailed(f"medpipe {verb} ended with {process.returncode}: {last} (all of it: {self._log})")
        self.seconds[title] = round(time.monotonic() - began, 1)
        self._console.print(f"  {self.seconds[title]:7.1f} s  {title}  [dim]{value}[/]", highlight=False)
        return value

    def _followed(self, title: str, process: subprocess.Popen[str], log: IO[str], status: Status) -> str:
        """Write what a process says to the log, show its progress, and return its last line."""
        last, printed = "", time.monotonic()
        for line in map(str.strip, process.stderr or ()):
            log.write(f"{line}\n")
            last = line or last
            if _PROGRESS.match(line):
                status.update(f"{title}: {line}")
                if not self._console.is_terminal and time.monotonic() > printed + _PAUSE:
                    printed = time.monotonic()
                    self._console.print(f"    {line}", style="dim", highlight=False, markup=False)
        return last
