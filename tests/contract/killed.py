"""How a process that a test starts is made to die, as by kill -9, at a chosen point of its work."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any


def die(*_: Any, **__: Any) -> None:
    """In the place of a function: the process ends when it is called."""
    os.kill(os.getpid(), signal.SIGKILL)


def after(work: Callable[..., Any]) -> Callable[..., None]:
    """A function that does its work, and then the process ends."""

    def run(*given: Any, **named: Any) -> None:
        work(*given, **named)
        die()

    return run
