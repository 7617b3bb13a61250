"""Functions that kill their own process, as kill -9 does, at a chosen point of its work."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any


def die(*_: Any, **__: Any) -> None:
    """End the process. Replaces a function, so that the process dies when that function would be called."""
    os.kill(os.getpid(), signal.SIGKILL)


def after(work: Callable[..., Any]) -> Callable[..., None]:
    """Return a function that does `work` and then ends the process."""

    def run(*arguments: Any, **named: Any) -> None:
        work(*arguments, **named)
        die()

    return run
