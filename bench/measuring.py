"""Shared by all kinds of figures: time, memory, child processes, the machine, and the marked part of a page."""

from __future__ import annotations

import json
import os
import platform
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

Value = TypeVar("Value")


def timed(work: Callable[[], Value]) -> tuple[float, Value]:
    """Do the work; return its seconds and its result."""
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def peak_mb() -> int:
    """Return the most memory that this process ever had, MiB.

    Linux's VmHWM is preferred to `getrusage`, which also counts what the parent had before it started this process.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))
    return int(peak) // 1024


def machine() -> dict[str, Any]:
    """Return what a figure depends on: cores, architecture and Python. It names no host."""
    return {"cores": os.cpu_count(), "architecture": platform.machine(), "python": platform.python_version()}


def start_child(module: str, *arguments: object) -> subprocess.Popen[str]:
    """Start `python -m module arguments…`. Each measurement is a process of its own, so its peak memory is too."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def result_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for a child and return the JSON object that it printed; raises RuntimeError when it failed."""
    output, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{process.args!r} exited with {process.returncode}: there is no figure")
    result: dict[str, Any] = json.loads(output)
    return result


def run_child(module: str, *arguments: object) -> dict[str, Any]:
    """Run a child to its end and return the JSON object that it printed."""
    return result_of(start_child(module, *arguments))


def replace_between(page: Path, begin: str, end: str, text: str) -> None:
    """Replace what is between two marks of a page."""
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{rest.partition(end)[2]}", encoding="utf-8")
