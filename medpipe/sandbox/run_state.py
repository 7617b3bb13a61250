"""The file that records which servers run, so that `status` and `down` work from another process.

It is `run/stack.json` under the state folder and names the supervisor, the addresses and every server.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import psutil

from medpipe.sandbox.server import Server


def path(var: Path) -> Path:
    """Return where the file of the state folder `var` is."""
    return var / "run" / "stack.json"


def write(var: Path, addresses: Mapping[str, str], servers: Iterable[Server]) -> None:
    """Record this process as the supervisor of `servers`. Readers see the old file or the new one, never a part."""
    target = path(var)
    target.parent.mkdir(parents=True, exist_ok=True)
    state = {
        "pid": os.getpid(),
        "started": psutil.Process().create_time(),
        "addresses": dict(addresses),
        "servers": [_described(server) for server in servers],
    }
    draft = target.with_suffix(".tmp")
    draft.write_text(json.dumps(state, indent=1))
    draft.replace(target)


def read(var: Path) -> dict[str, Any] | None:
    """Return the recorded state; None when there is no file, or an unreadable one."""
    with contextlib.suppress(OSError, ValueError):
        state: dict[str, Any] = json.loads(path(var).read_text())
        return state
    return None


def supervisor(state: Mapping[str, Any]) -> psutil.Process | None:
    """Return the process that keeps the servers up, if it still runs.

    Its start time is compared too, since the system may have given its id to another process.
    """
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(state["pid"])
        if abs(process.create_time() - state["started"]) < 1:
            return process
    return None


def _described(server: Server) -> dict[str, Any]:
    return {
        "name": server.name,
        "pid": server.process.pid if server.process else None,
        "mark": server.mark,
        "log": str(server.log),
    }
